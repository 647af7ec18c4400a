#include "arpent/check/modules.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "profile/model/text_format.hpp"

namespace ar::command::check {
namespace {

// The library's own unit that leaves a note, below the folder of its sources.
constexpr std::string_view library_unit = "abi/ar_heap.cpp";

std::string language_of_note(std::uint32_t language) {
  switch (language) {
    case 1:
      return "C";
    case 2:
      return "C++";
    case 3:
      return "Zig";
    default:
      return {};
  }
}

// What compilers put into every program by themselves.
bool is_runtime(const CompilationUnit& unit) {
  return unit.language == "Zig" &&
         (unit.name == "compiler_rt" || unit.name == "ubsan_rt" || unit.name == "fuzzer");
}

// Where a unit's source lay. Of one library, compilers may have been given some sources by their whole path
// and some from the folder where they ran.
std::string place_of(const CompilationUnit& unit) {
  return (std::filesystem::path{unit.folder} / unit.name).lexically_normal().string();
}

class Joiner {
 public:
  Joiner(const binary::ElfFile& object, const std::vector<CompilationUnit>& units) {
    for (const binary::ModuleNote& note : object.notes) {
      if (note.of_library) {
        modules_.library_version = note.version;
        for (const CompilationUnit& unit : units) {
          if (unit.name == note.unit && unit.name.ends_with(library_unit)) {
            const std::string place = place_of(unit);
            library_folders_.push_back(place.substr(0, place.size() - library_unit.size()));
          }
        }
      } else {
        notes_.push_back({&note, nullptr});
      }
    }
    for (const CompilationUnit& unit : units) {
      if (!is_runtime(unit) && !is_of_library(unit)) {
        units_.push_back({&unit, false});
      }
    }
  }

  Modules join() {
    pair([](const binary::ModuleNote& note, const CompilationUnit& unit) { return note.unit == unit.name; });
    // Zig calls a unit by its program's name, and its root module by the file's.
    pair([](const binary::ModuleNote& note, const CompilationUnit& unit) {
      return language_of_note(note.language) == "Zig" && unit.imports_zig_module;
    });
    // The paths in debug information may have been mapped to others.
    pair([this](const binary::ModuleNote& note, const CompilationUnit& unit) {
      return profile::file_name(note.unit) == profile::file_name(unit.name) &&
             is_alone(profile::file_name(note.unit));
    });
    for (const auto& [note, unit] : notes_) {
      modules_.list.push_back(
          {.name = note->unit,
           .language = language_of_note(note->language),
           .configuration = note->tracked ? Configuration::tracked : Configuration::untracked,
           .evidence = Evidence::note,
           .version = note->version,
           .has_debug_information = unit != nullptr});
    }
    for (const auto& [unit, taken] : units_) {
      if (!taken) {
        add_without_note(*unit);
      }
    }
    return std::move(modules_);
  }

 private:
  struct Note {
    const binary::ModuleNote* note;
    const CompilationUnit* unit;
  };
  struct Unit {
    const CompilationUnit* unit;
    bool taken;
  };

  [[nodiscard]] bool is_of_library(const CompilationUnit& unit) const {
    return std::ranges::any_of(library_folders_, [&](const std::string& folder) {
      return !folder.empty() && place_of(unit).starts_with(folder);
    });
  }

  // Notes and units are both in the order of linking, so the first that fits is the right one.
  template <class Fits>
  void pair(Fits fits) {
    for (Note& note : notes_) {
      if (note.unit != nullptr) {
        continue;
      }
      const auto found = std::ranges::find_if(
          units_, [&](const Unit& unit) { return !unit.taken && fits(*note.note, *unit.unit); });
      if (found != units_.end()) {
        found->taken = true;
        note.unit = found->unit;
      }
    }
  }

  [[nodiscard]] bool is_alone(std::string_view file) const {
    const auto notes = std::ranges::count_if(notes_, [&](const Note& note) {
      return note.unit == nullptr && profile::file_name(note.note->unit) == file;
    });
    const auto units = std::ranges::count_if(
        units_, [&](const Unit& unit) { return !unit.taken && profile::file_name(unit.unit->name) == file; });
    return notes == 1 && units == 1;
  }

  void add_without_note(const CompilationUnit& unit) {
    Module module;
    module.name = unit.name;
    module.language = unit.language;
    module.has_debug_information = true;
    if (unit.macros != ImportedMacros::none) {
      module.configuration =
          unit.macros == ImportedMacros::tracked ? Configuration::tracked : Configuration::untracked;
      module.evidence = Evidence::imported_macros;
    }
    modules_.list.push_back(std::move(module));
  }

  Modules modules_;
  std::vector<std::string> library_folders_;
  std::vector<Note> notes_;
  std::vector<Unit> units_;
};

}  // namespace

Modules join_modules(const binary::ElfFile& object, const std::vector<CompilationUnit>& units,
                     const std::string& file_name) {
  Modules modules = Joiner{object, units}.join();
  if (object.kind == binary::Kind::object && modules.list.empty() && !modules.library_version) {
    Module& module = modules.list.emplace_back();
    module.name = file_name;
  }
  // In an object of one module, what is called is what the module calls.
  if (object.kind == binary::Kind::object && modules.list.size() == 1 && !object.calls.ar_heap.empty() &&
      modules.list.front().configuration == Configuration::unknown) {
    modules.list.front().configuration = Configuration::tracked;
    modules.list.front().evidence = Evidence::calls;
  }
  std::ranges::stable_sort(modules.list, std::ranges::greater{}, &Module::configuration);
  return modules;
}

}  // namespace ar::command::check
