#include "arpent/check/malloc_owner.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "arpent/binary/elf_reader.hpp"
#include "arpent/binary/input.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::check {
namespace {

constexpr std::size_t most_libraries = 4096;

struct Wanted {
  std::string name;
  std::string needed_by;
  binary::SearchPath search_path;
};

bool is_arpent_library(std::string_view name) { return profile::file_name(name).starts_with("libarpent.so"); }
bool is_c_library(std::string_view name) { return name == "libc.so.6" || name.starts_with("ld-linux"); }

// The loader asks the program first, then its libraries in the order in which they are named, breadth first.
MallocOwner find_in_libraries(const binary::ElfFile& program, const std::string& path,
                              const binary::LibrarySearch& search) {
  MallocOwner result{.owner = Owner::c_library, .file = {}};
  std::deque<Wanted> wanted;
  std::set<std::string> seen;
  const auto want = [&](const binary::ElfFile& object, const std::string& file) {
    for (const std::string& name : object.needed) {
      result.needs_arpent = result.needs_arpent || is_arpent_library(name);
      if (seen.size() < most_libraries && seen.insert(name).second) {
        wanted.push_back({name, file, object.search_path});
      }
    }
  };
  want(program, path);
  bool found_owner = false;
  std::string missing;
  for (; !wanted.empty(); wanted.pop_front()) {
    const Wanted& next = wanted.front();
    const std::string file = search.find(next.name, next.needed_by, next.search_path);
    // Known by name, so that it is known also where it is not installed.
    if (is_arpent_library(next.name)) {
      if (!found_owner) {
        result.owner = Owner::arpent_library;
        result.file = next.name;
        found_owner = true;
      }
      continue;
    }
    if (is_c_library(next.name)) {
      found_owner = true;  // it comes last in practice; whoever follows is too late
      continue;
    }
    const auto input = file.empty() ? std::unexpected(std::string{}) : binary::Input::open(file);
    const auto library = input ? binary::read_elf_file(input->bytes()) : std::unexpected(std::string{});
    if (!library || !library->damage.empty()) {
      missing = missing.empty() && !found_owner ? next.name : missing;
      continue;
    }
    if (library->exports_malloc && !found_owner) {
      result.owner = library->contains_arpent ? Owner::arpent_library : Owner::other_library;
      result.file = next.name;
      found_owner = true;
    }
    want(*library, file);
  }
  if (result.owner == Owner::c_library && !missing.empty()) {
    result.owner = Owner::unknown;
    result.file = missing;
  }
  return result;
}

}  // namespace

MallocOwner find_malloc_owner(const binary::ElfFile& object, const std::string& path,
                              const binary::LibrarySearch& search) {
  if (object.kind == binary::Kind::object || object.kind == binary::Kind::shared_library) {
    const bool needs = std::ranges::any_of(object.needed, is_arpent_library);
    return {
        .owner = object.contains_arpent && object.defines_malloc ? Owner::arpent_linked : Owner::undecided,
        .file = {},
        .needs_arpent = needs};
  }
  if (!object.sanitizer.empty()) {
    return {.owner = Owner::sanitizer, .file = object.sanitizer};
  }
  if (object.defines_malloc) {
    if (object.contains_arpent) {
      return {.owner = Owner::arpent_linked, .file = {}};
    }
    const bool of_libc = object.kind == binary::Kind::static_executable && object.defines_libc_malloc;
    return {.owner = of_libc ? Owner::c_library_linked : Owner::other_linked, .file = {}};
  }
  if (object.kind == binary::Kind::static_executable) {
    return {.owner = Owner::unknown, .file = {}};
  }
  return find_in_libraries(object, path, search);
}

}  // namespace ar::command::check
