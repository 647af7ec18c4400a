#include "profile/symbols/files_by_build_id.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ar::profile {
namespace {

// elfutils' client of debuginfod, loaded when it is needed as elfutils does it: it brings libcurl with it.
// Declarations follow elfutils/debuginfod.h.
class Debuginfod {
 public:
  using Find = int (*)(void* client, const unsigned char* build_id, int length, char** path);

  Debuginfod() : library_(::dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL)) {
    if (library_ != nullptr) {
      begin_ = reinterpret_cast<void* (*)()>(::dlsym(library_, "debuginfod_begin"));
      end_ = reinterpret_cast<void (*)(void*)>(::dlsym(library_, "debuginfod_end"));
      if (begin_ != nullptr && end_ != nullptr) {
        client_ = begin_();
      }
    }
  }
  // The library stays loaded: libcurl may have registered what runs at exit.
  ~Debuginfod() {
    if (client_ != nullptr) {
      end_(client_);
    }
  }
  Debuginfod(const Debuginfod&) = delete;
  Debuginfod& operator=(const Debuginfod&) = delete;

  // Empty when no server has it.
  [[nodiscard]] std::string find(const char* function, const std::string& build_id) const {
    const auto ask = client_ == nullptr ? nullptr : reinterpret_cast<Find>(::dlsym(library_, function));
    char* path = nullptr;
    // A length of 0 says that the build id is written in hexadecimal.
    const int descriptor =
        ask == nullptr ? -1
                       : ask(client_, reinterpret_cast<const unsigned char*>(build_id.c_str()), 0, &path);
    std::string found = descriptor >= 0 && path != nullptr ? path : "";
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    std::free(path);
    return found;
  }

 private:
  void* library_;
  void* (*begin_)() = nullptr;
  void (*end_)(void*) = nullptr;
  void* client_ = nullptr;
};

}  // namespace

std::vector<std::string> files_by_build_id(const std::string& build_id) {
  std::vector<std::string> files;
  if (build_id.size() < 4 || build_id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return files;
  }
  const std::string installed =
      fmt::format("/usr/lib/debug/.build-id/{}/{}", build_id.substr(0, 2), build_id.substr(2));
  for (const char* ending : {".debug", ""}) {
    std::error_code error;
    if (std::filesystem::exists(installed + ending, error)) {
      files.push_back(installed + ending);
    }
  }
  const char* servers = std::getenv("DEBUGINFOD_URLS");
  if (!files.empty() || servers == nullptr || *servers == '\0') {
    return files;
  }
  const Debuginfod client;
  for (const char* function : {"debuginfod_find_debuginfo", "debuginfod_find_executable"}) {
    if (std::string file = client.find(function, build_id); !file.empty()) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace ar::profile
