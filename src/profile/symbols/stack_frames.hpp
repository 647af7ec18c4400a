// The one road from a site to named functions: the stacks of a profile, inlined functions included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frame.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// The number of a frame; frames that are equal have the same.
using FrameNumber = std::uint32_t;

// Not thread-safe. The profile and the symbolizer must outlive it; stacks that share nodes share their work.
class StackFrames {
 public:
  StackFrames(const Profile& profile, Symbolizer& symbolizer);

  // Innermost first, never empty. A site without a stack has its own place alone.
  [[nodiscard]] std::vector<FrameNumber> of(const Site& site);

  // The frames at one return address, innermost first, never empty. `module` is an index into
  // Profile::modules.
  [[nodiscard]] const std::vector<FrameNumber>& at(std::optional<std::size_t> module, std::uint64_t address);

  // The index of the first frame that is no wrapper. If all are, that of the function that holds the
  // allocating call.
  [[nodiscard]] std::size_t user_index(const std::vector<FrameNumber>& stack) const;
  [[nodiscard]] const StackFrame& user_frame(const std::vector<FrameNumber>& stack) const {
    return frames_[stack[user_index(stack)]];
  }

  // The code whose user() is the user_frame of the site's stack. Valid as long as the symbolizer.
  [[nodiscard]] const Location& user_location(const Site& site);

  // Innermost node of the site's stack, and the node outwards of another; no_stack if there is none, also in
  // a damaged profile.
  [[nodiscard]] std::uint32_t leaf_of(const Site& site) const;
  [[nodiscard]] std::uint32_t caller_of(std::uint32_t node) const;

  // Valid until frames of another site are asked for.
  [[nodiscard]] const StackFrame& frame(FrameNumber number) const { return frames_[number]; }
  [[nodiscard]] const std::vector<StackFrame>& all() const { return frames_; }

  [[nodiscard]] const Profile& profile() const { return profile_; }
  [[nodiscard]] Symbolizer& symbolizer() const { return symbolizer_; }

 private:
  FrameNumber number_of(const StackFrame& frame);
  const Location& locate(std::uint32_t node);

  struct AddressHash {
    std::size_t operator()(const std::pair<std::size_t, std::uint64_t>& key) const noexcept {
      return std::hash<std::uint64_t>{}(key.second * 31 + key.first);
    }
  };

  const Profile& profile_;
  Symbolizer& symbolizer_;
  // A profile bounds its own frames, but not what debug information says was inlined. Later stacks go
  // without.
  std::size_t inlined_left_ = std::size_t{1} << 22U;
  std::vector<StackFrame> frames_;
  std::unordered_multimap<std::string, FrameNumber> known_;  // by name
  std::unordered_map<std::pair<std::size_t, std::uint64_t>, std::vector<FrameNumber>, AddressHash>
      addresses_;  // by module + 1
};

}  // namespace ar::profile
