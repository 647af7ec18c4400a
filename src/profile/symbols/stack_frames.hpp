// Sites as the functions that led to them: the stacks of a profile with names, inlined functions included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

struct StackFrame {
  std::string name;      // never empty: the function, shortened; "libfoo.so+0x12" where none is known
  std::string function;  // demangled in full; empty when not known
  std::string file;      // empty when not known
  std::uint32_t line = 0;
  std::string module;    // its path; empty when in none
  bool inlined = false;  // into the frame that follows
  bool wrapper = false;  // allocates on its caller's behalf

  [[nodiscard]] bool operator==(const StackFrame&) const = default;
};

// The number of a frame; those that are equal have the same.
using FrameNumber = std::uint32_t;

// Not thread-safe. The profile and the symbolizer must outlive it; stacks that share nodes share their work.
class StackFrames {
 public:
  StackFrames(const Profile& profile, Symbolizer& symbolizer) : profile_(profile), symbolizer_(symbolizer) {}

  // Innermost first, never empty. A site without a stack is its own place alone.
  [[nodiscard]] std::vector<FrameNumber> of(const Site& site);

  // The frames at one return address, innermost first.
  [[nodiscard]] const std::vector<FrameNumber>& at(std::optional<std::size_t> module, std::uint64_t address);

  // The place of the first frame that is no wrapper; 0, the innermost, when all are.
  [[nodiscard]] std::size_t user_index(const std::vector<FrameNumber>& stack) const;
  [[nodiscard]] const StackFrame& user_frame(const std::vector<FrameNumber>& stack) const {
    return frames_[stack[user_index(stack)]];
  }

  // Valid until frames of another site are asked for.
  [[nodiscard]] const StackFrame& frame(FrameNumber number) const { return frames_[number]; }
  [[nodiscard]] const std::vector<StackFrame>& all() const { return frames_; }

 private:
  FrameNumber number_of(StackFrame frame);

  struct AddressHash {
    std::size_t operator()(const std::pair<std::size_t, std::uint64_t>& key) const noexcept {
      return std::hash<std::uint64_t>{}(key.second * 31 + key.first);
    }
  };

  const Profile& profile_;
  Symbolizer& symbolizer_;
  std::vector<StackFrame> frames_;
  std::unordered_multimap<std::string, FrameNumber> known_;  // by name
  std::unordered_map<std::pair<std::size_t, std::uint64_t>, std::vector<FrameNumber>, AddressHash>
      addresses_;  // by module + 1
};

}  // namespace ar::profile
