#include "platform/mappings.hpp"

#include <algorithm>
#include <cstring>

#include "platform/proc_file.hpp"

namespace ar::platform {

namespace {

bool starts_with(const char* text, const char* beginning) noexcept {
  return std::strncmp(text, beginning, std::strlen(beginning)) == 0;
}

MappingKind kind_of(const char* name) noexcept {
  if (name[0] == '\0') {
    return MappingKind::anonymous;
  }
  if (name[0] == '[') {
    if (std::strcmp(name, "[stack]") == 0) {
      return MappingKind::main_stack;
    }
    return starts_with(name, "[v") ? MappingKind::kernel : MappingKind::anonymous;  // [heap], [anon:…]
  }
  if (starts_with(name, "/dev/") && !starts_with(name, "/dev/shm/") && !starts_with(name, "/dev/zero")) {
    return MappingKind::device;
  }
  return std::strcmp(name, "/anon_hugepage (deleted)") == 0 ? MappingKind::anonymous_huge : MappingKind::file;
}

std::uintptr_t take_address(const char*& at) noexcept {
  std::uintptr_t address = 0;
  for (; *at >= '0'; ++at) {
    address = address * 16 + static_cast<std::uintptr_t>(*at <= '9' ? *at - '0' : *at - 'a' + 10);
  }
  return address;
}

// "start-end perms offset device inode   name"; the name may be cut short.
Mapping mapping_of(const char* line) noexcept {
  const char* at = line;
  Mapping mapping;
  mapping.start = take_address(at);
  at += *at == '-' ? 1 : 0;
  mapping.end = take_address(at);
  for (unsigned field = 1; field < 5 && *at != '\0'; ++field) {
    ++at;
    const char* end = at;
    while (*end != '\0' && *end != ' ') {
      ++end;
    }
    if (field == 1 && end - at >= 4) {
      mapping.readable = at[0] == 'r';
      mapping.writable = at[1] == 'w';
      mapping.shared = at[3] == 's';
    }
    at = end;
  }
  while (*at == ' ') {
    ++at;
  }
  mapping.kind = kind_of(at);
  return mapping;
}

// As much of a line as tells the kinds apart.
constexpr std::size_t longest_line = 128;

}  // namespace

bool for_each_mapping(MappingVisitor visit, void* context) noexcept {
  // Not /proc/self: that shows nothing once the process's first thread has ended.
  const ProcFile file("/proc/thread-self/maps");
  if (!file.is_open()) {
    return false;
  }
  char line[longest_line];
  std::size_t length = 0;
  bool any = false;
  char chunk[2048];
  for (;;) {
    const long got = file.read(chunk, sizeof chunk);
    if (got <= 0) {
      return got == 0 && any;
    }
    const char* const end = chunk + got;
    for (const char* at = chunk; at != end;) {
      const auto* const newline =
          static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      const char* const stop = newline == nullptr ? end : newline;
      const std::size_t taken = std::min(static_cast<std::size_t>(stop - at), sizeof line - 1 - length);
      std::memcpy(line + length, at, taken);
      length += taken;
      at = stop;
      if (newline != nullptr) {
        line[length] = '\0';
        length = 0;
        any = true;
        if (!visit(mapping_of(line), context)) {
          return true;
        }
        ++at;
      }
    }
  }
}

}  // namespace ar::platform
