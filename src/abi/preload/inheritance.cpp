#include "abi/preload/inheritance.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/environment.hpp"
#include "platform/options.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

using platform::option;
using platform::SetBy;

struct Inherited {
  const char* names[added_variables];
};
constexpr Inherited inherited = [] {
  Inherited found{};
  std::size_t count = 0;
  for (const platform::Option& row : platform::options) {
    if (row.set_by != SetBy::user) {
      found.names[count++] = row.name;
    }
  }
  return found;
}();

// The position of the variable's entry in `kept`.
consteval std::size_t position_of(const char* name) {
  std::size_t position = 0;
  while (!platform::are_equal(inherited.names[position], name)) {
    ++position;
  }
  return position;
}

constexpr std::size_t entry_size = 8192;
char kept[added_variables][entry_size];  // "NAME=value", empty: not set
bool surveyed = false;
bool follow_children = false;
long surveyed_pid = 0;

bool is_variable(const char* entry, const char* name) noexcept {
  const std::size_t length = std::strlen(name);
  return std::strncmp(entry, name, length) == 0 && entry[length] == '=';
}

bool is_ours(const char* entry) noexcept {
  for (const char* name : inherited.names) {
    if (is_variable(entry, name)) {
      return true;
    }
  }
  return false;
}

void keep(std::size_t which) noexcept {
  const char* name = inherited.names[which];
  const std::size_t length = std::strlen(name);
  std::memcpy(kept[which], name, length);
  kept[which][length] = '=';
  if (platform::environment_value(name, kept[which] + length + 1, entry_size - length - 1) == nullptr) {
    kept[which][0] = '\0';
  }
}

// "LD_PRELOAD=value" as the user had it, or null. It is the end of "ARPENT_ORIGINAL_LD_PRELOAD=value".
char* original_preload() noexcept {
  char* entry = kept[position_of("ARPENT_ORIGINAL_LD_PRELOAD")];
  return entry[0] == '\0' ? nullptr : entry + std::strlen("ARPENT_ORIGINAL_");
}

bool is_set(const char* name) noexcept {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (is_variable(*entry, name)) {
      return true;
    }
  }
  return false;
}

// In place, and without unsetenv and setenv: bash defines these, for variables of its own.
void restore_original_environment() noexcept {
  char** kept_entry = environ;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_ours(*entry)) {
      *kept_entry++ = *entry;
    } else if (is_variable(*entry, "LD_PRELOAD") && original_preload() != nullptr) {
      *kept_entry++ = original_preload();
    }
  }
  *kept_entry = nullptr;
}

}  // namespace

void take_over_environment() noexcept {
  surveyed = is_set(option("ARPENT_PROFILE_DIRECTORY").name);
  if (!surveyed) {
    return;
  }
  surveyed_pid = platform::system_call(SYS_getpid);
  follow_children = platform::read_choice(option("ARPENT_FOLLOW_CHILDREN"), platform::environment_value) != 0;
  for (std::size_t i = 0; i < added_variables; ++i) {
    keep(i);
  }
  if (!follow_children) {
    restore_original_environment();
  }
}

bool hands_on_to_exec() noexcept {
  return surveyed && (follow_children || platform::system_call(SYS_getpid) == surveyed_pid);
}

void environment_for_exec(char* const given[], char** entries) noexcept {
  std::size_t count = 0;
  for (; given != nullptr && *given != nullptr; ++given) {
    if (!is_ours(*given)) {
      entries[count++] = *given;
    }
  }
  for (char* entry : kept) {
    if (entry[0] != '\0') {
      entries[count++] = entry;
    }
  }
  entries[count] = nullptr;
}

}  // namespace ar::abi
