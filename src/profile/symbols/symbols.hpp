// From addresses in modules to functions, files and lines.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/debug_budget.hpp"
#include "profile/symbols/debug_module.hpp"
#include "profile/symbols/stack_frame.hpp"

namespace ar::profile {

// The code at one return address.
struct Location {
  std::vector<StackFrame> frames;  // innermost first, never empty: several if functions were inlined
  std::size_t user_frame = 0;      // the first that is no wrapper, or the last
  bool only_wrappers = false;      // none of the frames is the user's: a caller may be
  bool has_debug_information = false;
  std::uint64_t offset = 0;         // in the module's ELF file; without module the address itself
  std::uint64_t symbol_offset = 0;  // in the function, if only the symbol table has it; else 0

  [[nodiscard]] const StackFrame& user() const { return frames[user_frame]; }
};

// Not thread-safe. Opens each module once, and looks each address up once. A module is found at its path,
// else by its build id: below /usr/lib/debug/.build-id, or from the servers of DEBUGINFOD_URLS. A file with
// another build id is never used.
class Symbolizer {
 public:
  Symbolizer();

  // `return_offset`: return address less load bias. The call lies just before it. What is returned lives as
  // long as this.
  [[nodiscard]] const Location& locate(const std::string& module_path, const std::string& build_id,
                                       std::uint64_t return_offset);

  // Of a site of `profile`; annotated sites of C and C++ have file and line only.
  [[nodiscard]] const Location& locate(const Profile& profile, const Site& site);

  // Of a return address; `module` is an index into Profile::modules.
  [[nodiscard]] const Location& locate(const Profile& profile, std::optional<std::size_t> module,
                                       std::uint64_t address);

  // Bounds what names, files and inlined functions take in reports that repeat them for each of so many
  // sites. Locations that are known already stay as they are.
  void expect_sites(std::size_t count);

  // Whether code of the module can be named here; opens it.
  [[nodiscard]] bool has(const Module& module);

  // A sentence for each module that was asked for in vain, with the reason.
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  struct OpenModule {
    std::shared_ptr<DebugModule> debug;  // null if it was not found
    std::string problem;                 // why not, a sentence
    std::unordered_map<std::uint64_t, Location> locations;
  };
  OpenModule& module(const std::string& path, const std::string& build_id);
  [[nodiscard]] std::expected<std::shared_ptr<DebugModule>, DebugModule::Failure> open(
      const std::string& path, const std::string& build_id);

  void bound(std::string& text);
  void bound(std::vector<Frame>& frames);

  std::unique_ptr<DebugBudget> budget_;  // at an address that stays

  // A profile bounds its own frames, but not what debug information says about each of them.
  std::size_t longest_text_;      // a name or a file
  std::size_t most_inlined_;      // at one address
  std::size_t long_text_left_;    // what all texts of more than usual length may take; later ones are cut
  std::size_t all_inlined_left_;  // later locations go without
  std::map<std::pair<std::string, std::string>, OpenModule> modules_;
  // By device, inode and build ID: a file has many paths.
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::string>, std::shared_ptr<DebugModule>> files_;
};

// The problems for a note: a few modules each on its own, many as a number.
[[nodiscard]] std::vector<std::string> symbol_notes(const Symbolizer& symbolizer);

// "ns::add  src/list.cpp:12, inlined into main", "sqlite3_malloc+0x1c (libsqlite3.so.0)",
// "libfoo.so+0x1234", or "0x7f12 (no module)".
[[nodiscard]] std::string one_line(const Location& location);

// The same without the inlining, and with the whole path, for texts that are read elsewhere:
// "ns::add at /home/me/src/list.cpp:12", or "libfoo.so+0x1234".
[[nodiscard]] std::string function_at_place(const Location& location);

// "/home/me/src/list.cpp:12", or as function_at_place if there is no file.
[[nodiscard]] std::string place_alone(const Location& location);

// The path as the reader of a report needs it: relative when the file lies below the working directory.
[[nodiscard]] std::string shown_path(const std::string& path);

}  // namespace ar::profile
