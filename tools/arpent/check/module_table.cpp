#include "arpent/check/module_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

#include "arpent/check/left_aligned_table.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::check {
namespace {

constexpr std::size_t most_without_note = 20;

std::string configuration_text(const Module& module) {
  const std::string_view name = module.configuration == Configuration::tracked ? "tracked" : "untracked";
  switch (module.evidence) {
    case Evidence::note:
      return std::string{name};
    case Evidence::imported_macros:
      return fmt::format("{}, by @cImport", name);
    case Evidence::calls:
      return fmt::format("{}, by its calls", name);
    case Evidence::none:
      break;
  }
  return "no note";
}

std::string calls_text(const CheckedObject& object) {
  const std::vector<std::string> names = object.elf.calls.names();
  if (names.empty()) {
    return "-";
  }
  return object.modules.list.size() == 1 ? fmt::format("{}", fmt::join(names, ", ")) : "not told apart";
}

}  // namespace

std::string module_table(const CheckedFile& file, bool all) {
  const bool shows_calls = file.is_archive || file.objects.front().elf.kind == binary::Kind::object;
  std::vector<std::string> columns{"module", "language", "configuration", "debug info"};
  if (file.is_archive) {
    columns.insert(columns.begin(), "member");
  }
  if (shows_calls) {
    columns.emplace_back("calls directly");
  }
  LeftAlignedTable rows{columns};
  std::size_t without_note = 0;
  std::size_t left_out = 0;
  bool macros_are_malloc = false;
  for (const CheckedObject& object : file.objects) {
    for (const Module& module : object.modules.list) {
      if (module.configuration == Configuration::unknown && ++without_note > most_without_note && !all) {
        ++left_out;
        continue;
      }
      std::vector<std::string> row{profile::printable(module.name),
                                   module.language.empty() ? "?" : module.language,
                                   configuration_text(module), module.has_debug_information ? "yes" : "no"};
      if (file.is_archive) {
        row.insert(row.begin(), profile::printable(object.member));
      }
      if (shows_calls) {
        row.push_back(calls_text(object));
        macros_are_malloc = macros_are_malloc || (module.configuration == Configuration::untracked &&
                                                  !object.elf.calls.malloc_family.empty());
      }
      rows.add(std::move(row));
    }
  }
  std::string text = rows.empty() ? std::string{} : "\n" + rows.text();
  if (left_out > 0) {
    text += fmt::format("  and {} without a note (--all lists them)\n",
                        profile::counted(left_out, "more module"));
  }
  if (macros_are_malloc) {
    text += "  (the AR__HEAP__ macros of an untracked module are malloc and free too)\n";
  }
  return text;
}

}  // namespace ar::command::check
