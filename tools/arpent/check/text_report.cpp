#include "arpent/check/text_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "arpent/check/module_table.hpp"
#include "arpent/check/verdict.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::check {
namespace {

using profile::counted;
using profile::printable;

constexpr std::size_t most_names = 5;
constexpr std::size_t heading_width = 78;

struct Colours {
  std::string_view strong;
  std::string_view plain;
};

// "a, b, c, d, e and 3 more"
std::string listed(const std::vector<std::string>& names) {
  const std::size_t shown = names.size() > most_names + 1 ? most_names : names.size();
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  return shown == names.size() ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

std::string with_article(const CheckedFile& file) {
  if (file.is_archive) {
    return fmt::format("archive of {}", counted(file.objects.size(), "object"));
  }
  switch (file.objects.front().elf.kind) {
    case binary::Kind::object:
      return "object";
    case binary::Kind::executable:
      return "executable";
    case binary::Kind::static_executable:
      return "static executable";
    case binary::Kind::shared_library:
      return "shared library";
  }
  return {};
}

std::string heading(std::string_view text, const Colours& colours) {
  const std::string begin = fmt::format("== {} ", text);
  const std::size_t fill = begin.size() + 3 < heading_width ? heading_width - begin.size() : 3;
  return fmt::format("{}{}{}{}\n", colours.strong, begin, std::string(fill, '='), colours.plain);
}

std::string line(std::string_view key, std::string_view text) {
  return fmt::format("  {:<14} {}\n", key, text);
}
std::string more(std::string_view text) { return line("", text); }

// --- configuration

std::string counts_text(const Counts& counts) {
  std::vector<std::string> parts;
  if (counts.tracked > 0) {
    parts.push_back(fmt::format("{} tracked", counted(counts.tracked, "module")));
  }
  if (counts.untracked > 0) {
    parts.push_back(fmt::format("{} untracked", parts.empty() ? counted(counts.untracked, "module")
                                                              : profile::with_separators(counts.untracked)));
  }
  if (counts.unknown > 0) {
    parts.push_back(fmt::format("{} without a note", parts.empty()
                                                         ? counted(counts.unknown, "module")
                                                         : profile::with_separators(counts.unknown)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string counts_line(const Counts& counts, const Colours& colours) {
  if (counts.is_mixed()) {
    return line("configuration",
                fmt::format("{}mixed{}: {}", colours.strong, colours.plain, counts_text(counts)));
  }
  if (counts.tracked > 0 || counts.untracked > 0) {
    return line("configuration", fmt::format("not mixed: {}", counts_text(counts)));
  }
  return line("configuration", counts.unknown == 0 ? "unknown: there is no note and no debug information"
                                                   : fmt::format("unknown: {}", counts_text(counts)));
}

std::string safety(bool arpent_serves, bool hand_made) {
  if (arpent_serves) {
    return more("Safe here: Arpent serves malloc for the whole process, so every release") +
           more("reaches one heap. With a hand-made tracker it would be unsafe.");
  }
  if (hand_made) {
    return more("Unsafe: the ar_heap__malloc in this program is not Arpent's. A tracker with a") +
           more("list of its own reports false leaks, or frees what is not its own, where a") +
           more("block is released by a module of the other kind. With Arpent it is safe.");
  }
  return more("Safe with Arpent in the process (linked in, or under 'arpent run'). Unsafe with a") +
         more("hand-made tracker: a block that is released by a module of the other kind is a") +
         more("false leak, or an invalid free.");
}

std::string versions_line(const Counts& counts) {
  if (counts.versions.size() < 2) {
    return {};
  }
  std::vector<std::string> versions;
  versions.reserve(counts.versions.size());
  for (const std::uint32_t version : counts.versions) {
    versions.push_back(binary::version_text(version));
  }
  return line("versions",
              fmt::format("modules and library are of different versions of Arpent: {}", listed(versions)));
}

// --- the other lines

std::string owner_text(const CheckedObject& object) {
  const MallocOwner& owner = object.owner;
  const std::string file = printable(owner.file);
  switch (owner.owner) {
    case Owner::arpent_linked:
      return object.modules.library_version
                 ? fmt::format("Arpent's, linked in ({})",
                               binary::version_text(*object.modules.library_version))
                 : "Arpent's, linked in";
    case Owner::arpent_library:
      return fmt::format("Arpent's, from {}", file);
    case Owner::c_library:
      return owner.needs_arpent
                 ? "the C library's: libarpent.so is among the libraries, but comes too late; name it earlier"
                 : "the C library's; 'arpent run' puts Arpent's in its place";
    case Owner::c_library_linked:
      return "the C library's, linked in; link with libarpent.a to have Arpent's";
    case Owner::other_linked:
      return "one of its own, which is not Arpent's";
    case Owner::other_library:
      return fmt::format("that of {}{}", file,
                         owner.needs_arpent ? ", which comes before libarpent.so"
                                            : "; 'arpent run' puts Arpent's before it");
    case Owner::sanitizer:
      return fmt::format("{}'s", file);
    case Owner::unknown:
      return file.empty() ? "cannot be told: a static program without symbols"
                          : fmt::format("cannot be told: the library {} is not to be found here", file);
    case Owner::undecided:
      break;
  }
  return owner.needs_arpent ? "decided by the program that loads this; libarpent.so is among the libraries"
                            : "decided by the program that this becomes part of";
}

std::string archive_owner_text(const CheckedFile& file) {
  const bool has_arpent = std::ranges::any_of(
      file.objects, [](const CheckedObject& object) { return object.owner.owner == Owner::arpent_linked; });
  return has_arpent ? "Arpent's is in this archive" : "decided by the program that this becomes part of";
}

std::string calls_line(const CheckedFile& file) {
  if (file.is_archive || file.objects.front().elf.kind == binary::Kind::object) {
    const auto calling = static_cast<std::size_t>(std::ranges::count_if(
        file.objects, [](const CheckedObject& object) { return !object.elf.calls.empty(); }));
    if (calling == 0) {
      return line("direct calls", "none of malloc, free, new and delete");
    }
    return file.is_archive ? line("direct calls", fmt::format("in {} of {} (last column)", calling,
                                                              counted(file.objects.size(), "object")))
                           : line("direct calls", listed(file.objects.front().elf.calls.names()));
  }
  const binary::ElfFile& elf = file.objects.front().elf;
  const std::vector<std::string> names = elf.calls.names();
  std::string text;
  if (!names.empty()) {
    text = line("direct calls", fmt::format("{}", fmt::join(names, ", ")));
    text += more("(by the file as a whole; which modules they are in, their objects tell)");
  }
  if (elf.defines_malloc) {
    text += text.empty()
                ? line("direct calls", "cannot be told, as malloc is inside the file; its objects tell")
                : more("(others may be hidden, as malloc is inside the file)");
  }
  return text.empty() ? line("direct calls", "none of malloc, free, new and delete") : text;
}

std::string debug_line(const CheckedFile& file) {
  std::vector<std::string> missing;
  std::size_t modules = 0;
  for (const CheckedObject& object : file.objects) {
    for (const Module& module : object.modules.list) {
      ++modules;
      if (!module.has_debug_information) {
        missing.push_back(module.name);
      }
    }
  }
  if (modules == 0) {
    return line("debug info", "none: modules without a note cannot be listed, and reports name no lines");
  }
  if (missing.empty()) {
    return line("debug info", "in every module that is known");
  }
  if (missing.size() < modules) {
    return line("debug info", fmt::format("missing in {}", listed(missing)));
  }
  const bool linked = !file.is_archive && file.objects.front().elf.kind != binary::Kind::object;
  return line("debug info", linked
                                ? "none: modules without a note cannot be listed, and reports name no lines"
                                : "none: reports name no lines");
}

std::string unreadable_line(const CheckedFile& file) {
  std::size_t count = 0;
  for (const CheckedObject& object : file.objects) {
    count += object.elf.unreadable_notes;
  }
  return count == 0 ? std::string{}
                    : line("notes",
                           fmt::format("{} of a newer Arpent, or damaged, left out", counted(count, "note")));
}

std::string file_text(const CheckedFile& file, const TextOptions& options, const Colours& colours) {
  const Counts counts = counts_of(file);
  std::string text = heading(fmt::format("{}: {}", printable(file.path), with_article(file)), colours);
  text += counts_line(counts, colours);
  if (file.objects.empty()) {
    return text;
  }
  const CheckedObject& first = file.objects.front();
  if (counts.is_mixed()) {
    text += safety(is_arpent(first.owner.owner), first.elf.defines_ar_heap && !first.elf.contains_arpent);
  } else if (first.elf.defines_ar_heap && !first.elf.contains_arpent) {
    text += more("The ar_heap__malloc in this program is not Arpent's.");
  }
  text += versions_line(counts) + unreadable_line(file);
  text += line("malloc", file.is_archive ? archive_owner_text(file) : owner_text(first));
  text += calls_line(file) + debug_line(file) + module_table(file, options.all_modules);
  return text;
}

std::string program_text(const Program& program, const Colours& colours) {
  const std::string name =
      program.name.empty()
          ? fmt::format("all objects and archives together ({} files)", program.files.size())
          : fmt::format("{} with its libraries ({} files)", printable(program.name), program.files.size());
  std::string text = heading(name, colours) + counts_line(program.counts, colours);
  if (program.counts.is_mixed()) {
    text += safety(program.arpent_serves, false);
  }
  return text + versions_line(program.counts);
}

}  // namespace

std::string text_report(const Findings& findings, const TextOptions& options) {
  const Colours colours = options.colour ? Colours{"\x1b[1m", "\x1b[0m"} : Colours{"", ""};
  std::string text;
  for (const CheckedFile& file : findings.files) {
    text += (text.empty() ? "" : "\n") + file_text(file, options, colours);
  }
  for (const Program& program : programs_of(findings)) {
    text += "\n" + program_text(program, colours);
  }
  return text;
}

}  // namespace ar::command::check
