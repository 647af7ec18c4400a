#include "abi/preload/callers_path.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/loaded_module.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

using Dlinfo = int (*)(void* handle, int request, void* answer);

// False if it does not fit.
bool join(const char* folder, std::size_t folder_size, const char* file, char* buffer,
          std::size_t size) noexcept {
  const std::size_t file_size = std::strlen(file) + 1;
  if (folder_size + 1 + file_size > size) {
    return false;
  }
  std::memmove(buffer, folder, folder_size);
  buffer[folder_size] = '/';
  std::memcpy(buffer + folder_size + 1, file, file_size);
  return true;
}

// `file` begins with $ORIGIN.
const char* in_origin(const char* file, Dlinfo dlinfo, link_map* module, char* buffer,
                      std::size_t size) noexcept {
  static constexpr char name[] = "$ORIGIN/";
  const char* const rest = file + sizeof name - 1;
  if (std::strncmp(file, name, sizeof name - 1) != 0 || std::strchr(rest, '$') != nullptr) {
    return nullptr;
  }
  char origin[4097];  // the loader writes no more: it is a path
  if (module->l_name[0] == '\0') {
    const char* const program = platform::program_path(buffer, size);
    const char* const slash = std::strrchr(program, '/');
    return slash != nullptr && join(program, static_cast<std::size_t>(slash - program), rest, buffer, size)
               ? buffer
               : nullptr;
  }
  return dlinfo(module, RTLD_DI_ORIGIN, origin) == 0 && origin[0] == '/' &&
                 join(origin, std::strlen(origin), rest, buffer, size)
             ? buffer
             : nullptr;
}

// A name without a slash. The folders that any caller has come last, and the loader knows more of them.
const char* in_own_folders(const char* file, Dlinfo dlinfo, link_map* module, char* buffer,
                           std::size_t size) noexcept {
  alignas(Dl_serinfo) char space[16384];
  auto* const folders = reinterpret_cast<Dl_serinfo*>(space);
  if (dlinfo(module, RTLD_DI_SERINFOSIZE, folders) != 0 || folders->dls_size > sizeof space ||
      dlinfo(module, RTLD_DI_SERINFO, folders) != 0) {
    return nullptr;
  }
  // Not the member of this type: it is declared with no elements.
  const auto* each = reinterpret_cast<const Dl_serpath*>(space + offsetof(Dl_serinfo, dls_serpath));
  for (const Dl_serpath* const end = each + folders->dls_cnt;
       each != end && each->dls_flags != LA_SER_DEFAULT; ++each) {
    const char* const folder = each->dls_name;
    if (join(folder, std::strlen(folder), file, buffer, size) &&
        platform::system_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(buffer), R_OK) == 0) {
      return buffer;
    }
  }
  return file;
}

}  // namespace

const char* as_caller_finds(const char* file, const void* caller, char* buffer, std::size_t size) noexcept {
  const bool has_token = std::strchr(file, '$') != nullptr;
  if (!has_token && std::strchr(file, '/') != nullptr) {
    return file;
  }
  dl_find_object object;
  const auto dlinfo = reinterpret_cast<Dlinfo>(dlsym(RTLD_NEXT, "dlinfo"));
  if (dlinfo == nullptr || _dl_find_object(const_cast<void*>(caller), &object) != 0) {
    return nullptr;
  }
  return has_token ? in_origin(file, dlinfo, object.dlfo_link_map, buffer, size)
                   : in_own_folders(file, dlinfo, object.dlfo_link_map, buffer, size);
}

}  // namespace ar::abi
