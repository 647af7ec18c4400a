#include "abi/preload/inheritance.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "abi/process_options.hpp"
#include "platform/environment.hpp"
#include "platform/options.hpp"
#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

using platform::option;
using platform::SetBy;

constexpr std::size_t inherited_count = [] {
  std::size_t count = 0;
  for (const platform::Option& row : platform::options) {
    count += row.set_by == SetBy::user ? 0 : 1;
  }
  return count;
}();

struct Inherited {
  const char* names[inherited_count];
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

constexpr const char* preload_name = option("LD_PRELOAD").name;
constexpr std::size_t preload_prefix = sizeof "LD_PRELOAD=" - 1;
constexpr std::size_t original_prefix = sizeof "ARPENT_ORIGINAL_LD_PRELOAD=" - 1;

// "NAME=value" of our variables, null: not set. In memory of our own, because programs write over the area
// that holds their first environment.
char* kept[inherited_count];
std::size_t library_length = 0;  // of our library's path, the first in the kept LD_PRELOAD
bool surveyed = false;
bool follow_children = false;
long surveyed_pid = 0;

bool is_variable(const char* entry, const char* name) noexcept {
  return platform::value_in(entry, name) != nullptr;
}

// The position in `kept` of the variable that the entry sets, if it is ours, else inherited_count.
std::size_t position_of_entry(const char* entry) noexcept {
  std::size_t position = 0;
  while (position < inherited_count && !is_variable(entry, inherited.names[position])) {
    ++position;
  }
  return position;
}

bool is_ours(const char* entry) noexcept { return position_of_entry(entry) != inherited_count; }

const char* library() noexcept { return kept[position_of("LD_PRELOAD")] + preload_prefix; }

// "LD_PRELOAD=value" as the user had it, or null. It is the end of "ARPENT_ORIGINAL_LD_PRELOAD=value".
char* original_preload() noexcept {
  char* entry = kept[position_of("ARPENT_ORIGINAL_LD_PRELOAD")];
  return entry == nullptr ? nullptr : entry + original_prefix - preload_prefix;
}

// Copies our variables. False if there is no memory.
bool keep_variables() noexcept {
  const char* found[inherited_count] = {};
  std::size_t size = 1;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::size_t position = position_of_entry(*entry);
    if (position != inherited_count && found[position] == nullptr) {
      found[position] = *entry;
      size += std::strlen(*entry) + 1;
    }
  }
  auto* memory = static_cast<char*>(platform::map_pages(platform::round_up(size, platform::page_size)));
  if (memory == nullptr) {
    return false;
  }
  for (std::size_t i = 0; i < inherited_count; ++i) {
    if (found[i] != nullptr) {
      const std::size_t length = std::strlen(found[i]) + 1;
      kept[i] = static_cast<char*>(std::memcpy(memory, found[i], length));
      memory += length;
    }
  }
  return true;
}

bool is_separator(char letter) noexcept { return letter == ':' || letter == ' '; }

// Where our library stands in a preload list, or null.
const char* find_library(const char* list) noexcept {
  while (*list != '\0') {
    std::size_t length = 0;
    while (list[length] != '\0' && !is_separator(list[length])) {
      ++length;
    }
    if (length == library_length && std::strncmp(list, library(), length) == 0) {
      return list;
    }
    list += length + (list[length] == '\0' ? 0 : 1);
  }
  return nullptr;
}

// The preload list of an environment; null: not set.
const char* preload_list(char* const given[]) noexcept {
  const char* list = nullptr;
  for (; given != nullptr && *given != nullptr; ++given) {
    if (is_variable(*given, preload_name)) {
      list = *given + preload_prefix;
    }
  }
  return list;
}

char* append(char* out, const char* text, std::size_t length) noexcept {
  if (length != 0) {
    std::memcpy(out, text, length);
  }
  return out + length;
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
  if (!keep_variables() || kept[position_of("LD_PRELOAD")] == nullptr) {
    surveyed = false;
    return;
  }
  while (library()[library_length] != '\0' && !is_separator(library()[library_length])) {
    ++library_length;
  }
  surveyed_pid = platform::system_call(SYS_getpid);
  follow_children = platform::read_choice(option("ARPENT_FOLLOW_CHILDREN"), platform::environment_value) != 0;
  surveyed = !process_options.disabled;
  if (!follow_children || !surveyed) {
    restore_original_environment();
  }
}

bool hands_on_to_exec() noexcept {
  return surveyed && (follow_children || platform::system_call(SYS_getpid) == surveyed_pid);
}

bool hands_on_to_children() noexcept { return surveyed && follow_children; }

std::size_t size_of_environment_for_exec(char* const given[]) noexcept {
  const char* const list = preload_list(given);
  const std::size_t texts = list == nullptr ? 0 : 2 * std::strlen(list) + original_prefix + 2;
  std::size_t entries = inherited_count + 1;
  for (; given != nullptr && *given != nullptr; ++given) {
    ++entries;
  }
  return entries * sizeof(char*) + preload_prefix + library_length + 1 + texts;
}

char** environment_for_exec(char* const given[], void* memory) noexcept {
  const char* const list = preload_list(given);
  std::size_t entries_given = 0;
  while (given != nullptr && given[entries_given] != nullptr) {
    ++entries_given;
  }
  auto** const entries = static_cast<char**>(memory);
  char* text = reinterpret_cast<char*>(entries + entries_given + inherited_count + 1);
  const char* const own = list == nullptr ? nullptr : find_library(list);

  char* const preload = text;
  text = append(text, "LD_PRELOAD=", preload_prefix);
  if (own == nullptr) {
    text = append(text, library(), library_length);
    text = append(text, ":", list == nullptr || *list == '\0' ? 0 : 1);
  }
  text = append(text, list, list == nullptr ? 0 : std::strlen(list));
  *text++ = '\0';

  char* const original = list == nullptr || (own == list && list[library_length] == '\0') ? nullptr : text;
  if (original != nullptr) {
    text = append(text, "ARPENT_ORIGINAL_LD_PRELOAD=", original_prefix);
    const char* const end = own == nullptr ? nullptr : own + library_length;
    text = append(text, list, own == nullptr ? std::strlen(list) : static_cast<std::size_t>(own - list));
    if (end != nullptr && *end != '\0') {
      text = append(text, end + 1, std::strlen(end + 1));
    }
    *text = '\0';
  }

  std::size_t count = 0;
  bool has_preload = false;
  for (; given != nullptr && *given != nullptr; ++given) {
    if (!is_ours(*given)) {
      entries[count++] = *given;
    } else if (is_variable(*given, preload_name) && !has_preload) {
      has_preload = true;
      entries[count++] = preload;  // where it was: the order of the others stays
    }
  }
  if (!has_preload) {
    entries[count++] = preload;
  }
  for (std::size_t i = 0; i < inherited_count; ++i) {
    if (i != position_of("LD_PRELOAD") && i != position_of("ARPENT_ORIGINAL_LD_PRELOAD") &&
        kept[i] != nullptr) {
      entries[count++] = kept[i];
    }
  }
  if (original != nullptr) {
    entries[count++] = original;
  }
  entries[count] = nullptr;
  return entries;
}

char** environment_without_tracking(char* const given[], void* memory) noexcept {
  auto** const entries = static_cast<char**>(memory);
  const char* const list = preload_list(given);
  const char* const own = list == nullptr ? nullptr : find_library(list);
  char* preload = nullptr;  // what becomes of an LD_PRELOAD that has our library in it
  if (own != nullptr) {
    const char* rest = own + library_length;
    rest += *rest == '\0' ? 0 : 1;
    if (own == list && *rest == '\0') {
      preload = original_preload();  // set, and empty, or not set
    } else {
      std::size_t entries_given = 0;
      while (given[entries_given] != nullptr) {
        ++entries_given;
      }
      preload = reinterpret_cast<char*>(entries + entries_given + 1);
      const auto before = static_cast<std::size_t>(own - list);
      char* text = append(preload, "LD_PRELOAD=", preload_prefix);
      text = append(text, list, *rest == '\0' ? before - 1 : before);
      text = append(text, rest, std::strlen(rest));
      *text = '\0';
    }
  }
  std::size_t count = 0;
  for (; given != nullptr && *given != nullptr; ++given) {
    if (!is_ours(*given) || (is_variable(*given, preload_name) && own == nullptr)) {
      entries[count++] = *given;
    } else if (is_variable(*given, preload_name) && preload != nullptr) {
      entries[count++] = preload;
      preload = nullptr;
    }
  }
  entries[count] = nullptr;
  return entries;
}

bool is_library_out_of_reach(char* memory) noexcept {
  if (library_length >= size_for_library_path) {
    return true;
  }
  std::memcpy(memory, library(), library_length);
  memory[library_length] = '\0';
  const long opened = platform::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(memory),
                                            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  if (opened >= 0) {
    platform::system_call(SYS_close, opened);
  }
  // Any other error, as of a process that has no descriptor left, need not be the loader's.
  return opened == -ENOENT || opened == -ENOTDIR || opened == -EACCES || opened == -ELOOP;
}

const char* run_folder() noexcept {
  const char* const entry = kept[position_of("ARPENT_PROFILE_DIRECTORY")];
  return entry == nullptr ? nullptr : entry + sizeof "ARPENT_PROFILE_DIRECTORY=" - 1;
}

}  // namespace ar::abi
