// One ELF file with its symbols and debug information, opened through elfutils.
//
// Separate debug files are found by build id (/usr/lib/debug/.build-id), by debug link, and from debuginfod
// servers when DEBUGINFOD_URLS is set. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profile/symbols/debug_budget.hpp"

namespace ar::profile {

struct Frame {
  std::string function;  // demangled; empty when unknown
  std::string file;      // absolute, or as the compiler wrote it; empty when unknown
  std::uint32_t line = 0;
  bool inlined = false;  // into the frame that follows
};

struct Symbol {
  std::string name;  // demangled
  std::uint64_t offset = 0;
};

class DebugModule {
 public:
  struct Failure {
    enum class Kind : std::uint8_t { unreadable, no_elf, other_build };
    Kind kind;
    int error = 0;  // errno; of a file that is unreadable
  };

  // build_id: hexadecimal; an empty one is not compared. `budget` must outlive what is returned. Once it is
  // used up, there is a problem, and no more is read.
  [[nodiscard]] static std::expected<std::unique_ptr<DebugModule>, Failure> open(const std::string& path,
                                                                                 const std::string& build_id,
                                                                                 DebugBudget& budget);
  ~DebugModule();
  DebugModule(const DebugModule&) = delete;
  DebugModule& operator=(const DebugModule&) = delete;

  // What the debug information says of the code at an address of the file (its own virtual addresses),
  // innermost inlined function first; the last is the function that stands there. Empty when it says nothing.
  [[nodiscard]] std::vector<Frame> frames(std::uint64_t address);

  // Why debug information that is there cannot be read, a clause; empty if nothing is wrong with what has
  // been read so far.
  [[nodiscard]] const std::string& problem() const;

  // The symbol whose extent holds the address.
  [[nodiscard]] std::optional<Symbol> symbol(std::uint64_t address);

 private:
  struct State;
  explicit DebugModule(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ar::profile
