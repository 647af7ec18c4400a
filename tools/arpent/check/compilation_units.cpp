#include "arpent/check/compilation_units.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "profile/symbols/debug_budget.hpp"
#include "profile/symbols/plain_debug_file.hpp"
#include "profile/symbols/separate_files.hpp"

namespace ar::command::check {
namespace {

constexpr std::string_view zig_module_file = "ar_allocator.zig";
constexpr std::string_view macro_start = "cimport.AR__HEAP__";
constexpr std::string_view tracked_macro_start = "cimport.AR_HEAP_TRACKED_";

// Newer than elfutils' own list.
constexpr int language_zig = 0x27;
constexpr int language_cpp17 = 0x2a;
constexpr int language_cpp20 = 0x2b;
constexpr int language_c17 = 0x2c;

struct OtherFiles {
  profile::SeparateFiles files;
  std::uint64_t bytes_left;  // to be decompressed
};

struct EndSession {
  void operator()(Dwfl* session) const { ::dwfl_end(session); }
};

std::string text_of(Dwarf_Die& die, unsigned kind) {
  Dwarf_Attribute attribute;
  const char* const text = ::dwarf_formstring(::dwarf_attr(&die, kind, &attribute));
  return text == nullptr ? std::string{} : std::string{text};
}

std::string language_name(Dwarf_Die& unit) {
  if (text_of(unit, DW_AT_producer).starts_with("zig")) {
    return "Zig";  // calls itself C99
  }
  switch (::dwarf_srclang(&unit)) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
      return "C";
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case language_cpp17:
    case language_cpp20:
      return "C++";
    case language_zig:
      return "Zig";
    case language_c17:
      return "C";
    case DW_LANG_Rust:
      return "Rust";
    case DW_LANG_Go:
      return "Go";
    case DW_LANG_D:
      return "D";
    case DW_LANG_Swift:
      return "Swift";
    case DW_LANG_Ada83:
    case DW_LANG_Ada95:
      return "Ada";
    case DW_LANG_Fortran77:
    case DW_LANG_Fortran90:
    case DW_LANG_Fortran95:
    case DW_LANG_Fortran03:
    case DW_LANG_Fortran08:
      return "Fortran";
    case DW_LANG_ObjC:
      return "Objective-C";
    case DW_LANG_ObjC_plus_plus:
      return "Objective-C++";
    case DW_LANG_Mips_Assembler:
      return "assembler";
    default:
      return {};
  }
}

bool has_source_file(Dwarf_Die& unit, std::string_view name) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (::dwarf_getsrcfiles(&unit, &files, &count) != 0) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const char* const file = ::dwarf_filesrc(files, i, nullptr, nullptr);
    if (file == nullptr) {
      continue;
    }
    const std::string_view path{file};
    if (path.ends_with(name) && (path.size() == name.size() || path[path.size() - name.size() - 1] == '/')) {
      return true;
    }
  }
  return false;
}

ImportedMacros imported_macros(Dwarf_Die& unit) {
  ImportedMacros found = ImportedMacros::none;
  Dwarf_Die child;
  if (::dwarf_child(&unit, &child) != 0) {
    return found;
  }
  do {
    if (::dwarf_tag(&child) != DW_TAG_subprogram) {
      continue;
    }
    const std::string name = text_of(child, DW_AT_linkage_name);
    if (name.starts_with(tracked_macro_start)) {
      return ImportedMacros::tracked;
    }
    if (name.starts_with(macro_start)) {
      found = ImportedMacros::untracked;
    }
  } while (::dwarf_siblingof(&child, &child) == 0);
  return found;
}

// With -gsplit-dwarf the name may be in the other file only.
std::string unit_name(Dwarf_Die& unit, OtherFiles& other) {
  std::string name = text_of(unit, DW_AT_name);
  if (!name.empty()) {
    return name;
  }
  if (other.files.problem_of_split(unit, other.bytes_left) != nullptr) {
    return {};
  }
  Dwarf_Die described = profile::split_unit(unit);
  return text_of(described, DW_AT_name);
}

int find_debug_file(Dwfl_Module* module, void** user_data, const char* name, Dwarf_Addr base,
                    const char* file_name, const char* link_name, GElf_Word checksum, char** found_name) {
  auto* const other = static_cast<OtherFiles*>(*user_data);
  if (other == nullptr || other->files.problem_of_link(link_name, other->bytes_left) != nullptr) {
    return -1;
  }
  const int file = ::dwfl_standard_find_debuginfo(module, user_data, name, base, file_name, link_name,
                                                  checksum, found_name);
  if (file < 0) {
    return -1;
  }
  if (profile::problem_for_elfutils(file, other->bytes_left) != nullptr) {
    ::close(file);
    return -1;
  }
  if (*found_name != nullptr) {
    other->files.add(*found_name);
  }
  return file;
}

// libdwfl reads from a descriptor: a member of an archive has none of its own.
int as_descriptor(std::string_view bytes) {
  const int descriptor = ::memfd_create("arpent-check", MFD_CLOEXEC);
  while (descriptor >= 0 && !bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written <= 0) {
      ::close(descriptor);
      return -1;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return descriptor;
}

}  // namespace

std::vector<CompilationUnit> read_compilation_units(const std::string& path, std::string_view member) {
  char* debug_path = nullptr;  // elfutils' default search path
  Dwfl_Callbacks callbacks{};
  callbacks.find_elf = ::dwfl_build_id_find_elf;
  callbacks.find_debuginfo = find_debug_file;
  callbacks.section_address = ::dwfl_offline_section_address;
  callbacks.debuginfo_path = &debug_path;
  const std::unique_ptr<Dwfl, EndSession> session{::dwfl_begin(&callbacks)};
  int descriptor = member.empty() ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
                                  : as_descriptor(member);
  OtherFiles other{.files = profile::SeparateFiles{path}, .bytes_left = profile::DebugBudget{}.decompressed};
  if (descriptor >= 0) {
    const profile::PlainDebugFile plain = profile::plain_debug_file(descriptor, other.bytes_left);
    if (plain.copy >= 0 || plain.is_refused) {
      ::close(descriptor);
      descriptor = plain.copy;
    }
  }
  if (session == nullptr || descriptor < 0) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    return {};
  }
  ::dwfl_report_begin(session.get());
  Dwfl_Module* const module = ::dwfl_report_offline(session.get(), path.c_str(), path.c_str(), descriptor);
  if (module == nullptr) {
    ::close(descriptor);  // taken over otherwise
    return {};
  }
  ::dwfl_report_end(session.get(), nullptr, nullptr);
  void** user_data = nullptr;
  ::dwfl_module_info(module, &user_data, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  *user_data = &other;
  std::vector<CompilationUnit> units;
  Dwarf_Addr bias = 0;
  Dwarf* const dwarf = ::dwfl_module_getdwarf(module, &bias);
  if (dwarf == nullptr || other.files.problem_of_alternate(dwarf, other.bytes_left) != nullptr) {
    return {};
  }
  for (Dwarf_Die* unit = nullptr; (unit = ::dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    const std::string name =
        ::dwarf_tag(unit) == DW_TAG_partial_unit ? std::string{} : unit_name(*unit, other);
    if (name.empty() || name == "<artificial>") {
      continue;  // parts that units share, and what link-time optimisation puts together
    }
    CompilationUnit found{
        .name = name, .folder = text_of(*unit, DW_AT_comp_dir), .language = language_name(*unit)};
    if (found.language == "Zig") {
      found.imports_zig_module = has_source_file(*unit, zig_module_file);
      found.macros = imported_macros(*unit);
    }
    units.push_back(std::move(found));
  }
  return units;
}

}  // namespace ar::command::check
