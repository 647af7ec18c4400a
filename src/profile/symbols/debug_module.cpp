#include "profile/symbols/debug_module.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "profile/model/text_format.hpp"
#include "profile/symbols/demangled_name.hpp"
#include "profile/symbols/entry_walk.hpp"
#include "profile/symbols/line_tables.hpp"
#include "profile/symbols/plain_debug_file.hpp"
#include "profile/symbols/separate_files.hpp"

namespace ar::profile {
namespace {

constexpr std::size_t deepest_inlining = 256;  // a damaged file could nest without end

struct FunctionExtent {
  Dwarf_Addr low;
  Dwarf_Addr high;  // one past the end
  Dwarf_Die die;
};

// The functions of one compilation unit that have code, by address.
using FunctionTable = std::vector<FunctionExtent>;

bool holds_declarations(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
      return true;
    default:
      return false;
  }
}

struct UnitExtent {
  Dwarf_Addr low;
  Dwarf_Addr high;
  Dwarf_Die unit;
};

// C's own name rather than an alias (strdup, not __GI_strdup); the linkage name where it tells more.
std::string function_name(Dwarf_Die& die) {
  for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute attribute;
    const char* name = dwarf_formstring(dwarf_attr_integrate(&die, kind, &attribute));
    if (name == nullptr) {
      continue;
    }
    const std::string_view linkage{name};
    if (linkage.starts_with("_Z") || linkage.contains('.')) {  // C++, Zig
      return demangled(std::string{linkage});
    }
  }
  const char* name = dwarf_diename(&die);
  return name == nullptr ? std::string{} : bounded_name(name);
}

// ".../build/../src/./a.c" -> ".../src/a.c", without a look at the file system: it may be another machine's.
std::string tidy(const std::string& path) {
  std::vector<std::string> parts;
  const bool rooted = path.starts_with('/');
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(std::move(part));
    }
  }
  return (rooted ? "/" : "") + fmt::format("{}", fmt::join(parts, "/"));
}

// elfutils joins some relative names with the unit's folder, and some not.
std::string file_name(const char* file, Dwarf_Die& unit) {
  constexpr std::size_t longest_path = 4096;  // that Linux opens
  const auto bounded = [](const char* text) { return std::string{text, ::strnlen(text, longest_path)}; };
  Dwarf_Attribute attribute;
  const char* folder = dwarf_formstring(dwarf_attr(&unit, DW_AT_comp_dir, &attribute));
  if (file == nullptr || *file == '/' || folder == nullptr) {
    return tidy(file == nullptr ? "" : bounded(file));
  }
  const std::string start = bounded(folder) + "/";
  const std::string path = bounded(file);
  return tidy(path.starts_with(start) ? path : start + path);
}

}  // namespace

struct DebugModule::State {
  explicit State(std::string file) : path(std::move(file)), separate_files(path) {}
  ~State() {
    if (separate_copy >= 0) {
      ::close(separate_copy);
    }
    if (session != nullptr) {
      dwfl_end(session);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The compilation unit of the code at an address of the debug information's own.
  Dwarf_Die* unit_at(std::uint64_t address, Dwarf_Addr& bias);
  const FunctionTable& functions(Dwarf_Die& unit);
  void collect_functions(Dwarf_Die& unit, FunctionTable& table);
  std::vector<UnitExtent> collect_units();
  // Appends the chain of inlined calls at `address` inside `scope`, outermost first.
  void find_inlined(Dwarf_Die& scope, Dwarf_Addr address, std::vector<Dwarf_Die>& chain);
  // The unit's entry in its line table.
  Dwarf_Line* line_at(Dwarf_Die& unit, Dwarf_Addr address);

  // One range of the entry after another, as dwarf_ranges() has them. False at the end.
  struct Range {
    std::ptrdiff_t at = 0;
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
  };
  bool next_range(Dwarf_Die& entry, Range& range);
  bool has_code(Dwarf_Die& entry, Dwarf_Addr address);
  template <typename Extent>
  void add_extents(Dwarf_Die& entry, std::vector<Extent>& extents);
  void note_cut();

  // Opens the file at `path`, also anew.
  [[nodiscard]] std::optional<Failure> begin();
  // Notes what is known of the file. Returns the descriptor of a copy to read instead, or -1.
  int look_at(int file, bool& is_refused);
  [[nodiscard]] std::string own_build_id();
  void check_debug_information();

  void note_problem(const char* found);
  // With -gsplit-dwarf the functions are described in a unit of another file.
  [[nodiscard]] Dwarf_Die with_functions(Dwarf_Die& unit);
  static int find_debug_file(Dwfl_Module* module, void** user_data, const char* name, Dwarf_Addr base,
                             const char* file_name, const char* link_name, GElf_Word checksum,
                             char** debug_file_name);

  std::string path;
  DebugBudget* budget = nullptr;
  SectionEnds section_ends;
  LineTables line_tables;
  char* debug_path = nullptr;  // null: elfutils' default search path
  Dwfl_Callbacks callbacks{};
  Dwfl* session = nullptr;
  Dwfl_Module* module = nullptr;
  SeparateFiles separate_files;
  std::set<const void*> split_units;  // that were looked at
  std::optional<std::vector<UnitExtent>> units;
  std::map<const void*, FunctionTable> tables;  // by the address of the unit's first entry
  bool has_functions = false;                   // in the file or in its separate debug file, readable or not
  bool is_checked = false;
  bool is_too_large = false;  // the file that was looked at last
  bool is_cut = false;        // debug information, before it was read whole
  bool has_separate = false;  // debug file
  int separate_copy = -1;     // to be read instead of it
  std::string separate_name;
  std::string build_id;  // of the file itself, which is read first
  std::string problem;
};

std::optional<DebugModule::Failure> DebugModule::State::begin() {
  using enum Failure::Kind;
  // The name comes from the profile, and may be that of a pipe.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    return Failure{.kind = unreadable, .error = errno};
  }
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    return Failure{.kind = no_elf};
  }
  bool is_refused = false;
  if (const int copy = look_at(file, is_refused); copy >= 0 || is_refused) {
    ::close(file);
    file = copy;
  }
  if (is_refused) {
    return Failure{.kind = no_elf};
  }
  callbacks.find_elf = dwfl_build_id_find_elf;
  callbacks.find_debuginfo = find_debug_file;
  callbacks.section_address = dwfl_offline_section_address;
  callbacks.debuginfo_path = &debug_path;
  Dwfl* const opened = dwfl_begin(&callbacks);
  if (opened == nullptr) {
    ::close(file);
    return Failure{.kind = no_elf};
  }
  dwfl_report_begin(opened);
  // Base 0 with the file's own addresses added: addresses are those of the ELF file.
  Dwfl_Module* const reported = dwfl_report_elf(opened, path.c_str(), path.c_str(), file, 0, true);
  if (reported == nullptr) {
    ::close(file);  // else the module's
  }
  if (dwfl_report_end(opened, nullptr, nullptr) != 0 || reported == nullptr) {
    dwfl_end(opened);
    return Failure{.kind = no_elf};
  }
  void** user_data = nullptr;
  dwfl_module_info(reported, &user_data, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  *user_data = this;
  if (session != nullptr) {
    dwfl_end(session);
  }
  session = opened;
  module = reported;
  return std::nullopt;
}

int DebugModule::State::look_at(int file, bool& is_refused) {
  const PlainDebugFile plain = plain_debug_file(file, budget->decompressed);
  is_refused = plain.is_refused;
  is_too_large = plain.is_too_large;
  build_id = build_id.empty() ? plain.build_id : build_id;
  has_functions = has_functions || plain.has_functions;
  problem = plain.problem.empty() ? problem : plain.problem;
  return plain.copy;
}

std::string DebugModule::State::own_build_id() {
  GElf_Addr bias = 0;
  if (!build_id.empty() || dwfl_module_getelf(module, &bias) == nullptr) {
    return build_id;
  }
  // Of a file without sections.
  const unsigned char* bytes = nullptr;
  GElf_Addr address = 0;
  const int count = dwfl_module_build_id(module, &bytes, &address);
  return count <= 0 ? std::string{} : hexadecimal({bytes, static_cast<std::size_t>(count)});
}

// elfutils passes over damaged sections and then finds no debug information, or none of functions.
void DebugModule::State::check_debug_information() {
  if (std::exchange(is_checked, true)) {
    return;
  }
  Dwarf_Addr bias = 0;
  (void)dwfl_module_getdwarf(module, &bias);
  if (separate_copy >= 0) {
    (void)begin();
  }
  if (Dwarf* const dwarf = dwfl_module_getdwarf(module, &bias); dwarf != nullptr) {
    if (const char* const found = separate_files.problem_of_alternate(dwarf, budget->decompressed);
        found != nullptr) {
      note_problem(found);
      is_cut = true;
    }
  }
  if (has_functions && problem.empty() && dwfl_module_nextcu(module, nullptr, &bias) == nullptr) {
    problem = "it is damaged";
  }
}

int DebugModule::State::find_debug_file(Dwfl_Module* module, void** user_data, const char* name,
                                        Dwarf_Addr base, const char* file_name, const char* link_name,
                                        GElf_Word checksum, char** debug_file_name) {
  auto* const state = static_cast<State*>(*user_data);
  if (state != nullptr && state->separate_copy >= 0) {
    *debug_file_name = ::strdup(state->separate_name.c_str());
    return std::exchange(state->separate_copy, -1);
  }
  // It opens a separate file to compare build IDs, and goes on with it whatever we answer then.
  if (state != nullptr) {
    if (const char* const found =
            state->separate_files.problem_of_link(link_name, state->budget->decompressed);
        found != nullptr) {
      state->note_problem(found);
      return -1;
    }
  }
  const int file = dwfl_standard_find_debuginfo(module, user_data, name, base, file_name, link_name, checksum,
                                                debug_file_name);
  if (file < 0 || state == nullptr) {
    return file;
  }
  bool is_refused = false;
  const int copy = state->look_at(file, is_refused);
  if (is_refused || state->is_too_large) {
    ::close(file);
    if (copy >= 0) {
      ::close(copy);
    }
    return -1;
  }
  if (*debug_file_name != nullptr) {
    state->separate_files.add(*debug_file_name);
  }
  const bool is_first = !std::exchange(state->has_separate, true);
  if (copy < 0) {
    return file;
  }
  if (!is_first) {  // a file that the debug information refers to
    ::close(file);
    return copy;
  }
  // elfutils has opened the file already, to compare build IDs, and goes on with that. Begin again with the
  // copy.
  state->separate_copy = copy;
  state->separate_name = *debug_file_name == nullptr ? "" : *debug_file_name;
  return file;
}

void DebugModule::State::note_problem(const char* found) {
  if (problem.empty()) {
    problem = found;
  }
}

Dwarf_Die DebugModule::State::with_functions(Dwarf_Die& unit) {
  if (split_units.insert(unit.cu).second) {
    if (const char* const found = separate_files.problem_of_split(unit, budget->decompressed);
        found != nullptr) {
      note_problem(found);
      is_cut = true;
    }
  }
  return is_cut ? unit : split_unit(unit);
}

// What is left of it could name the wrong function: it counts as having none.
void DebugModule::State::note_cut() {
  is_cut = true;
  note_problem("it is damaged or too large");
}

bool DebugModule::State::next_range(Dwarf_Die& entry, Range& range) {
  if (!spend(budget->entries, 1)) {
    note_cut();
    return false;
  }
  range.at = dwarf_ranges(&entry, range.at, &range.base, &range.low, &range.high);
  return range.at > 0;
}

bool DebugModule::State::has_code(Dwarf_Die& entry, Dwarf_Addr address) {
  for (Range range; next_range(entry, range);) {
    if (range.low <= address && address < range.high) {
      return true;
    }
  }
  return false;
}

template <typename Extent>
void DebugModule::State::add_extents(Dwarf_Die& entry, std::vector<Extent>& extents) {
  for (Range range; next_range(entry, range);) {
    if (range.low >= range.high) {
      continue;
    }
    if (!spend(budget->extents, 1)) {
      note_cut();
      return;
    }
    extents.push_back({range.low, range.high, entry});
  }
}

void DebugModule::State::collect_functions(Dwarf_Die& unit, FunctionTable& table) {
  EntryWalk walk{unit, section_ends, budget->entries};
  while (walk.next()) {
    const int tag = dwarf_tag(&walk.entry());
    if (tag == DW_TAG_subprogram) {
      // It may hold a nested function, or a method of a class that is local to it.
      add_extents(walk.entry(), table);
    } else if (!holds_declarations(tag) && tag != DW_TAG_lexical_block) {
      walk.skip_children();
    }
  }
  if (walk.is_cut()) {
    note_cut();
  }
  std::ranges::stable_sort(table, {}, &FunctionExtent::low);
}

void DebugModule::State::find_inlined(Dwarf_Die& scope, Dwarf_Addr address, std::vector<Dwarf_Die>& chain) {
  EntryWalk walk{scope, section_ends, budget->entries};
  while (walk.next()) {
    const int tag = dwarf_tag(&walk.entry());
    const bool code = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
                      tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
    if (!code || !has_code(walk.entry(), address)) {
      walk.skip_children();
      continue;
    }
    if (tag == DW_TAG_inlined_subroutine) {
      if (chain.size() == deepest_inlining) {
        return;
      }
      chain.push_back(walk.entry());
    }
    walk.narrow();
  }
  if (walk.is_cut()) {
    note_cut();
  }
}

// For files without .debug_aranges (clang and Zig write none).
std::vector<UnitExtent> DebugModule::State::collect_units() {
  Dwarf_Addr bias = 0;
  std::vector<UnitExtent> found;
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    add_extents(*unit, found);
  }
  std::ranges::stable_sort(found, {}, &UnitExtent::low);
  return found;
}

Dwarf_Line* DebugModule::State::line_at(Dwarf_Die& unit, Dwarf_Addr address) {
  if (!line_tables.allow(unit, budget->line_bytes)) {
    note_cut();
    return nullptr;
  }
  return dwarf_getsrc_die(&unit, address);
}

Dwarf_Die* DebugModule::State::unit_at(std::uint64_t address, Dwarf_Addr& bias) {
  // elfutils takes a gap between two entries of .debug_aranges for part of the unit before it, and where only
  // some units have such entries (GCC's do, Zig's do not), the others lie in these gaps.
  Dwarf_Die* const claimed = dwfl_module_addrdie(module, address, &bias);
  if (claimed != nullptr && has_code(*claimed, address - bias)) {
    return claimed;
  }
  if (dwfl_module_getdwarf(module, &bias) == nullptr) {
    return nullptr;
  }
  if (!units) {
    units = collect_units();
  }
  const Dwarf_Addr inside = address - bias;
  std::vector<UnitExtent>& all = *units;
  const auto after = std::ranges::upper_bound(all, inside, {}, &UnitExtent::low);
  if (after == all.begin() || std::prev(after)->high <= inside) {
    return claimed;
  }
  return &std::prev(after)->unit;
}

const FunctionTable& DebugModule::State::functions(Dwarf_Die& unit) {
  const auto [entry, is_new] = tables.try_emplace(unit.addr);
  if (is_new) {
    collect_functions(unit, entry->second);
  }
  return entry->second;
}

DebugModule::DebugModule(std::unique_ptr<State> state) : state_(std::move(state)) {}
DebugModule::~DebugModule() = default;

auto DebugModule::open(const std::string& path, const std::string& build_id, DebugBudget& budget)
    -> std::expected<std::unique_ptr<DebugModule>, Failure> {
  auto state = std::make_unique<State>(path);
  state->budget = &budget;
  if (const auto failure = state->begin()) {
    return std::unexpected(*failure);
  }
  // A file without a build ID cannot be told from another.
  if (!build_id.empty() && state->own_build_id() != build_id) {
    return std::unexpected(Failure{.kind = Failure::Kind::other_build});
  }
  return std::unique_ptr<DebugModule>{new DebugModule{std::move(state)}};
}

const std::string& DebugModule::problem() const { return state_->problem; }

std::vector<Frame> DebugModule::frames(std::uint64_t address) {
  state_->check_debug_information();
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = state_->is_cut ? nullptr : state_->unit_at(address, bias);
  if (unit == nullptr) {
    return {};
  }
  const Dwarf_Addr inside = address - bias;

  std::string file;
  int line = 0;
  if (Dwarf_Line* found = state_->line_at(*unit, inside); found != nullptr) {
    file = file_name(dwarf_linesrc(found, nullptr, nullptr), *unit);
    if (dwarf_lineno(found, &line) != 0) {
      line = 0;
    }
  }

  // The innermost of the functions that hold the address: the last that begins before it.
  Dwarf_Die described = state_->with_functions(*unit);
  const FunctionTable& table = state_->functions(described);
  auto after = std::ranges::upper_bound(table, inside, {}, &FunctionExtent::low);
  while (after != table.begin() && std::prev(after)->high <= inside) {
    --after;
  }
  std::vector<Dwarf_Die> chain;
  if (after != table.begin()) {
    chain.push_back(std::prev(after)->die);
    state_->find_inlined(chain.front(), inside, chain);
  }
  if (chain.empty() || state_->is_cut) {
    if (file.empty() || state_->is_cut) {
      return {};
    }
    return {Frame{
        .function = {}, .file = std::move(file), .line = static_cast<std::uint32_t>(line), .inlined = false}};
  }

  Dwarf_Files* files = nullptr;
  std::size_t file_count = 0;
  if (!state_->line_tables.allow(described, state_->budget->line_bytes) ||
      dwarf_getsrcfiles(&described, &files, &file_count) != 0) {
    files = nullptr;
  }
  std::vector<Frame> result;
  for (auto die = chain.rbegin(); die != chain.rend(); ++die) {
    const bool inlined = std::next(die) != chain.rend();
    result.push_back({.function = function_name(*die),
                      .file = file,
                      .line = static_cast<std::uint32_t>(std::max(line, 0)),
                      .inlined = inlined});
    if (inlined) {  // where the call that was inlined stands
      Dwarf_Attribute attribute;
      Dwarf_Word number = 0;
      file.clear();
      line = 0;
      if (dwarf_formudata(dwarf_attr(&*die, DW_AT_call_file, &attribute), &number) == 0 && files != nullptr &&
          number < file_count) {
        file = file_name(dwarf_filesrc(files, number, nullptr, nullptr), *unit);
      }
      if (dwarf_formudata(dwarf_attr(&*die, DW_AT_call_line, &attribute), &number) == 0) {
        line = static_cast<int>(number);
      }
    }
  }
  return result;
}

std::optional<Symbol> DebugModule::symbol(std::uint64_t address) {
  state_->check_debug_information();
  GElf_Off offset = 0;
  GElf_Sym found;
  const char* name =
      dwfl_module_addrinfo(state_->module, address, &offset, &found, nullptr, nullptr, nullptr);
  if (name == nullptr || *name == '\0' || (found.st_size != 0 && offset >= found.st_size)) {
    return std::nullopt;
  }
  // A symbol without a size would claim all that follows it.
  if (found.st_size == 0 && GELF_ST_TYPE(found.st_info) != STT_FUNC) {
    return std::nullopt;
  }
  return Symbol{.name = demangled(name), .offset = offset};
}

}  // namespace ar::profile
