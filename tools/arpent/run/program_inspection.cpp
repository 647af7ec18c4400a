#include "arpent/run/program_inspection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include "arpent/binary/elf_reader.hpp"
#include "arpent/binary/elf_symbols.hpp"
#include "arpent/binary/input.hpp"
#include "arpent/binary/library_search.hpp"
#include "arpent/common/exit_status.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

constexpr int deepest_interpreters = 5;  // the kernel's own limit is 4
constexpr std::size_t head_size = 4096;

// The first bytes of the file; empty when it cannot be read.
std::optional<std::string> head_of(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return std::nullopt;
  }
  std::string head(head_size, '\0');
  const ssize_t size = ::pread(descriptor, head.data(), head.size(), 0);
  ::close(descriptor);
  if (size < 0) {
    return std::nullopt;
  }
  head.resize(static_cast<std::size_t>(size));
  return head;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
      return words;
    }
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// The program that a `#!` line runs in the end: of `env [-S] [NAME=VALUE…] NAME`, NAME as found in PATH.
std::expected<std::string, Failure> interpreter_of(const std::string& script, std::string_view line,
                                                   const Environment& environment) {
  const std::vector<std::string> words = words_of(line);
  if (words.empty()) {
    return std::unexpected(Failure{
        status_not_executable, fmt::format("{} names no interpreter after #!", profile::in_quotes(script))});
  }
  auto found = find_program(words.front().contains('/') ? words.front() : "./" + words.front(), environment);
  if (!found) {
    return std::unexpected(Failure{
        status_not_executable, fmt::format("{} needs the interpreter {}, which cannot be executed",
                                           profile::in_quotes(script), profile::in_quotes(words.front()))});
  }
  if (profile::file_name(words.front()) != "env") {
    return found;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with("-S") && word.size() > 2) {
      auto named = find_program(word.substr(2), environment);
      return named ? named : found;
    }
    if (word.starts_with('-') || word.contains('=')) {
      continue;
    }
    // When env does not find it, env says so; then env is what runs.
    auto named = find_program(word, environment);
    return named ? named : found;
  }
  return found;
}

// How the kernel raises privileges, so that the loader ignores LD_PRELOAD; empty if it does not. With
// no_new_privs it ignores set-uid and set-gid; for a file with capabilities the loader ignores LD_PRELOAD
// even then.
std::string raised_privileges(const std::string& path) {
  struct stat status{};
  struct statvfs system{};
  if (::stat(path.c_str(), &status) != 0 ||
      (::statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_NOSUID) != 0)) {
    return {};
  }
  const bool can_change_user = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
  if (can_change_user && (status.st_mode & S_ISUID) != 0 && status.st_uid != ::getuid()) {
    return "set-uid";
  }
  if (can_change_user && (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
      status.st_gid != ::getgid()) {
    return "set-gid";
  }
  if (::getuid() != 0 && ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0) {
    return "given file capabilities";
  }
  return {};
}

std::optional<binary::ElfFile> read_binary(const std::string& path) {
  const auto input = binary::Input::open(path);
  auto file = input ? binary::read_elf_file(input->bytes()) : std::unexpected(input.error());
  return file ? std::optional{std::move(*file)} : std::nullopt;
}

// "0.1.0", as the note of Arpent's library in the file says; empty if there is none.
std::string version_of(const binary::ElfFile& file) {
  const binary::ModuleNote* const note = file.library_note();
  return note == nullptr ? std::string{} : binary::version_text(note->version);
}

std::string static_explanation(const std::string& shown, const binary::ElfFile& program) {
  if (!program.built_by_zig || program.contains_arpent) {
    return fmt::format(
        "{} is statically linked: its malloc is built in, and there is no loader that could put Arpent's in "
        "its place (link the program with libarpent.a instead)",
        shown);
  }
  // Zig links statically whatever needs no libc, and with musl's.
  const std::string_view why =
      program.has_symbol_table && !program.has_libc
          ? ", without libc: there is no malloc in it that Arpent's could stand in for"
          : ": there is no loader that could put Arpent's malloc into it";
  return fmt::format(
      "{} is statically linked{}, and its memory cannot be seen (build it with -lc for the system's C "
      "library, and allocate through std.heap.c_allocator or ar_allocator)",
      shown, why);
}

bool is_loader_name(std::string_view name) {
  return name.starts_with("ld-linux") || name.starts_with("ld-lsb");
}

// "AddressSanitizer" if its runtime is among the libraries to preload, else empty.
std::string_view preloaded_sanitizer(const Environment& environment) {
  const std::string list = environment.get("LD_PRELOAD").value_or("");
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find_first_of(": ", at), list.size());
    if (const auto found =
            binary::sanitizer_of_library(profile::file_name(std::string_view{list}.substr(at, end - at)));
        !found.empty()) {
      return found;
    }
    at = end + 1;
  }
  return {};
}

void set_obstacle(Inspection& inspection, const binary::ElfFile& program, const Environment& environment) {
  const std::string shown = profile::in_quotes(inspection.image);
  const auto set = [&](Obstacle obstacle, std::string explanation) {
    inspection.obstacle = obstacle;
    inspection.explanation = std::move(explanation);
  };
  if (!program.is_native) {
    set(Obstacle::other_architecture,
        fmt::format("{} is built for {}, and Arpent's library for another processor cannot be loaded into it",
                    shown, program.machine));
  } else if (program.is_cut_short) {
    set(Obstacle::cut_short,
        fmt::format("{} is truncated: its header describes more than the file holds (build or copy it again)",
                    shown));
  } else if (const std::string raised =
                 inspection.is_loaded_by_hand ? std::string{} : raised_privileges(inspection.image);
             !raised.empty()) {
    set(Obstacle::raised_privileges,
        fmt::format("{} is {}: the system loads no library of ours into a program with raised privileges",
                    shown, raised));
  } else if (program.interpreter.empty()) {
    set(Obstacle::statically_linked, static_explanation(shown, program));
  } else if (!is_loader_name(profile::file_name(program.interpreter))) {
    set(Obstacle::other_c_library,
        fmt::format("{} is built for another C library (its loader is {}), and Arpent's library cannot be "
                    "loaded into it",
                    shown, profile::in_quotes(program.interpreter)));
  } else if (!program.sanitizer.empty()) {
    set(Obstacle::sanitizer,
        fmt::format(
            "{} is built with {}, which has a malloc of its own that must be the first malloc in the process",
            shown, program.sanitizer));
  } else if (const auto sanitizer = preloaded_sanitizer(environment); !sanitizer.empty()) {
    set(Obstacle::sanitizer,
        fmt::format("LD_PRELOAD brings {} into {}, and its malloc must be the first malloc in the process",
                    sanitizer, shown));
  }
}

// The version of Arpent's library that the loader will find; empty if that cannot be found out.
std::string version_in_library(const std::string& name, const Inspection& inspection,
                               const binary::ElfFile& program) {
  const binary::LibrarySearch search;
  const auto library = read_binary(search.find(name, inspection.image, program.search_path));
  return library ? version_of(*library) : std::string{};
}

void set_allocators(Inspection& inspection, const binary::ElfFile& program) {
  inspection.contains_arpent = program.contains_arpent;
  inspection.built_by_zig = program.built_by_zig;
  inspection.names_malloc = program.names_malloc;
  inspection.zig_allocator = program.zig_allocator;
  inspection.linked_version = version_of(program);
  const auto arpent = std::ranges::find_if(
      program.needed, [](const std::string& name) { return name.starts_with("libarpent.so"); });
  if (arpent != program.needed.end() && !program.contains_arpent) {
    inspection.needs_arpent = true;
    if (inspection.obstacle == Obstacle::none) {
      inspection.linked_version = version_in_library(*arpent, inspection, program);
    }
  }
  inspection.own_malloc_exported = program.exports_malloc && !program.contains_arpent;
  inspection.own_malloc_hidden =
      program.defines_malloc && !program.exports_malloc && !program.contains_arpent;
  static constexpr std::array<std::string_view, 5> allocators{"libjemalloc.so", "libtcmalloc", "libmimalloc",
                                                              "libsnmalloc", "libhoard"};
  for (const std::string& needed : program.needed) {
    if (std::ranges::any_of(allocators, [&](std::string_view start) { return needed.starts_with(start); })) {
      inspection.replaced_allocators.push_back(needed);
    }
  }
}

// What the C library's loader is asked to run by these arguments; empty if that is nothing.
std::string program_of_loader(const std::vector<std::string>& arguments) {
  static constexpr std::array<std::string_view, 7> with_value{
      "--library-path",         "--inhibit-rpath",    "--audit", "--preload", "--argv0",
      "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask"};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("--")) {
      return arguments[i];
    }
    i += std::ranges::find(with_value, arguments[i]) == with_value.end() ? 0U : 1U;
  }
  return {};
}

}  // namespace

std::expected<Inspection, Failure> inspect_program(const std::string& path, const Environment& environment,
                                                   const std::vector<std::string>& arguments) {
  Inspection inspection;
  inspection.path = path;
  inspection.image = path;
  for (int depth = 0; depth < deepest_interpreters; ++depth) {
    const auto head = head_of(inspection.image);
    if (!head) {
      // Executable without being readable: nothing can be told, and it may well work.
      return inspection;
    }
    if (head->starts_with("#!")) {
      const std::string_view line = std::string_view{*head}.substr(2, head->find('\n') - 2);
      auto interpreter = interpreter_of(inspection.image, line, environment);
      if (!interpreter) {
        return std::unexpected(interpreter.error());
      }
      inspection.image = std::move(*interpreter);
      continue;
    }
    if (!head->starts_with("\x7f"
                           "ELF")) {
      // As shells judge: text has no NUL in its first line. execvp gives it to /bin/sh.
      const std::string_view first_line = std::string_view{*head}.substr(0, head->find('\n'));
      if (first_line.contains('\0') || depth > 0) {
        return std::unexpected(
            Failure{status_not_executable,
                    fmt::format("{} is neither a program nor a script that this system can run",
                                profile::in_quotes(inspection.image))});
      }
      inspection.shell_script_without_line = true;
      inspection.image = "/bin/sh";
      continue;
    }
    const auto program = read_binary(inspection.image);
    if (!program || program->kind == binary::Kind::object) {
      return std::unexpected(
          Failure{status_not_executable, fmt::format("{} is a damaged ELF file, or not one of a program",
                                                     profile::in_quotes(inspection.image))});
    }
    if (program->interpreter.empty() && is_loader_name(program->shared_name)) {
      const std::string named = depth == 0 ? program_of_loader(arguments) : std::string{};
      const auto loaded = read_binary(named);
      if (!loaded) {
        return inspection;  // what the loader does then is its own affair
      }
      inspection.image = named;
      inspection.is_loaded_by_hand = true;
      set_obstacle(inspection, *loaded, environment);
      set_allocators(inspection, *loaded);
      return inspection;
    }
    set_obstacle(inspection, *program, environment);
    set_allocators(inspection, *program);
    return inspection;
  }
  return std::unexpected(
      Failure{status_not_executable,
              fmt::format("{} has a chain of interpreters that is too long", profile::in_quotes(path))});
}

}  // namespace ar::command
