#include "platform/environment.hpp"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/system_call.hpp"

namespace ar::platform {

const char* initial_environment_value(const char* name, char* buffer, std::size_t size) noexcept {
  const long descriptor = system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/environ"),
                                      O_RDONLY | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return nullptr;
  }
  const std::size_t name_length = std::strlen(name);
  std::size_t matched = 0;  // characters of "NAME=" seen, or not_this
  std::size_t used = 0;
  bool found = false;
  constexpr std::size_t not_this = ~std::size_t{0};
  char chunk[1024];
  for (long got = 1; got > 0 && !found;) {
    got = system_call(SYS_read, descriptor, reinterpret_cast<long>(chunk), sizeof chunk);
    for (long i = 0; i < got && !found; ++i) {
      if (matched == not_this) {  // every start of a program comes here: most of the letters are passed over
        const auto rest = static_cast<std::size_t>(got - i);
        const auto* const end = static_cast<const char*>(std::memchr(chunk + i, '\0', rest));
        if (end == nullptr) {
          break;
        }
        i = end - chunk;
      }
      const char letter = chunk[i];
      if (matched == name_length + 1) {
        if (used == size) {
          buffer[size - 1] = '\0';
          got = 0;  // too long
          break;
        }
        buffer[used++] = letter;
        found = letter == '\0';
      } else if (letter == '\0') {
        matched = 0;
      } else {
        const char wanted = matched == name_length ? '=' : name[matched];
        matched = letter == wanted ? matched + 1 : not_this;
      }
    }
  }
  system_call(SYS_close, descriptor);
  return found ? buffer : nullptr;
}

const char* environment_value(const char* name, char* buffer, std::size_t size) noexcept {
  if (environ == nullptr) {
    return initial_environment_value(name, buffer, size);  // before the C library's own start
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (const char* value = value_in(*entry, name); value != nullptr) {
      const std::size_t length = std::strlen(value);
      const std::size_t part = length < size ? length : size - 1;
      std::memcpy(buffer, value, part);
      buffer[part] = '\0';
      return part == length ? buffer : nullptr;
    }
  }
  return nullptr;
}

void remove_environment_value(const char* name, std::size_t length) noexcept {
  if (environ == nullptr) {
    return;
  }
  char** kept = environ;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name, length) != 0 || (*entry)[length] != '=') {
      *kept++ = *entry;
    }
  }
  *kept = nullptr;
}

bool is_secure_execution() noexcept { return getauxval(AT_SECURE) != 0; }

}  // namespace ar::platform
