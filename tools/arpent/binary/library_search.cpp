#include "arpent/binary/library_search.hpp"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace ar::command::binary {
namespace {

namespace fs = std::filesystem;

constexpr int deepest_inclusion = 8;
constexpr std::array default_folders{
    "/lib/" ARPENT_MULTIARCH, "/usr/lib/" ARPENT_MULTIARCH, "/lib64", "/usr/lib64", "/lib", "/usr/lib"};

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void read_configuration(const std::string& path, std::vector<std::string>& folders, int depth) {
  std::ifstream file{path};
  for (std::string line; depth < deepest_inclusion && std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    const std::vector<std::string> words = split(line, " \t\r");
    if (words.size() == 2 && words[0] == "include") {
      glob_t found{};
      if (::glob(words[1].c_str(), 0, nullptr, &found) == 0) {
        for (std::size_t i = 0; i < found.gl_pathc; ++i) {
          read_configuration(found.gl_pathv[i], folders, depth + 1);
        }
      }
      ::globfree(&found);
    } else if (words.size() == 1 && words[0].starts_with('/')) {
      folders.push_back(words[0]);
    }
  }
}

std::string with_origin(std::string folder, const std::string& origin) {
  for (const std::string_view token : {"$ORIGIN", "${ORIGIN}"}) {
    for (std::size_t at = 0; (at = folder.find(token, at)) != std::string::npos; at += origin.size()) {
      folder.replace(at, token.size(), origin);
    }
  }
  return folder;
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

}  // namespace

LibrarySearch::LibrarySearch() {
  if (const char* const path = std::getenv("LD_LIBRARY_PATH"); path != nullptr) {
    environment_folders_ = split(path, ":;");
  }
  read_configuration("/etc/ld.so.conf", system_folders_, 0);
  system_folders_.insert(system_folders_.end(), default_folders.begin(), default_folders.end());
}

std::string LibrarySearch::find(const std::string& name, const std::string& needed_by,
                                const SearchPath& search_path) const {
  if (name.contains('/')) {
    return is_file(name) ? name : std::string{};
  }
  std::error_code error;
  const std::string origin = fs::absolute(needed_by, error).parent_path().string();
  std::vector<std::string> own_folders;
  for (const std::string& folder : split(search_path.folders, ":")) {
    own_folders.push_back(with_origin(folder, origin));
  }
  const std::vector<std::string>* first = &environment_folders_;
  const std::vector<std::string>* second = &own_folders;
  if (search_path.before_environment) {
    std::swap(first, second);
  }
  for (const auto* const folders : {first, second, &system_folders_}) {
    for (const std::string& folder : *folders) {
      if (is_file(fs::path{folder} / name)) {
        return (fs::path{folder} / name).string();
      }
    }
  }
  return {};
}

}  // namespace ar::command::binary
