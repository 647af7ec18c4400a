#include "profile/symbols/separate_files.hpp"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>
#include <system_error>

#include "profile/symbols/plain_debug_file.hpp"

namespace ar::profile {
namespace {

namespace fs = std::filesystem;

// What lies at the place, if anything; what elfutils would decompress is taken from `bytes_left`.
const char* problem_at(const fs::path& place, std::uint64_t& bytes_left) {
  const int file = ::open(place.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    return nullptr;
  }
  const char* const problem = problem_for_elfutils(file, bytes_left);
  ::close(file);
  return problem;
}

const char* text_of(Dwarf_Die& entry, std::initializer_list<unsigned> kinds) {
  for (const unsigned kind : kinds) {
    Dwarf_Attribute attribute;
    if (const char* text = ::dwarf_formstring(::dwarf_attr(&entry, kind, &attribute)); text != nullptr) {
      return text;
    }
  }
  return nullptr;
}

}  // namespace

SeparateFiles::SeparateFiles(const std::string& path)
    : module_(path), folders_{"/"} {  // "/": of a copy in memory
  add(path);
}

void SeparateFiles::add(const std::string& path) {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  if (!error) {
    folders_.push_back(resolved.parent_path());
    files_.push_back(resolved);
  }
}

const char* SeparateFiles::problem_of_link(const char* name, std::uint64_t bytes_left) const {
  std::vector<fs::path> names{module_.filename(), module_.filename().string() + ".debug"};
  if (name != nullptr) {
    names.emplace_back(name);
  }
  std::vector<fs::path> folders = folders_;
  folders.push_back(module_.parent_path());
  for (const fs::path& folder : folders) {
    for (const fs::path& place : {folder, folder / ".debug", "/usr/lib/debug" / folder.relative_path()}) {
      for (const fs::path& each : names) {
        std::uint64_t left = bytes_left;
        if (const char* const problem = problem_at(place / each, left); problem != nullptr) {
          return problem;
        }
      }
    }
  }
  return nullptr;
}

const char* SeparateFiles::problem_of_alternate(Dwarf* dwarf, std::uint64_t bytes_left) const {
  const char* name = nullptr;
  const void* build_id = nullptr;
  if (::dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &build_id) <= 0) {
    return nullptr;
  }
  for (const fs::path& folder : folders_) {
    std::uint64_t left = bytes_left;
    if (const char* const problem = problem_at(folder / name, left); problem != nullptr) {
      return problem;
    }
  }
  return nullptr;
}

const char* SeparateFiles::problem_of_split(Dwarf_Die& unit, std::uint64_t& bytes_left) const {
  const char* const name = text_of(unit, {DW_AT_dwo_name, DW_AT_GNU_dwo_name});
  if (name == nullptr) {
    return nullptr;
  }
  const char* const unit_folder = text_of(unit, {DW_AT_comp_dir});
  std::vector<fs::path> places;
  for (const fs::path& folder : folders_) {
    places.push_back(folder / name);
    if (unit_folder != nullptr) {
      places.push_back(folder / unit_folder / name);
    }
  }
  for (const fs::path& file : files_) {
    places.push_back(file.string() + ".dwp");  // which elfutils knows from release 0.192 on
  }
  for (const fs::path& place : places) {
    if (const char* const problem = problem_at(place, bytes_left); problem != nullptr) {
      return problem;
    }
  }
  return nullptr;
}

Dwarf_Die split_unit(Dwarf_Die& unit) {
  Dwarf_Die described;
  std::uint8_t kind = 0;
  if (::dwarf_cu_info(unit.cu, nullptr, &kind, nullptr, &described, nullptr, nullptr, nullptr) == 0 &&
      kind == DW_UT_skeleton && ::dwarf_tag(&described) == DW_TAG_compile_unit) {
    return described;
  }
  return unit;
}

}  // namespace ar::profile
