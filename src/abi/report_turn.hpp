// One report, or message, at a time: what they are made with is static memory.
#pragma once

#include <cstdint>

#include "platform/start_environment.hpp"

namespace ar::abi {

// The holder is named, so that a signal handler that interrupted it does not wait for itself, and so that a
// child forked meanwhile does not wait for a thread that it does not have.
class ReportTurn {
 public:
  enum class Busy : unsigned char { wait, give_up };  // when another thread has the turn

  explicit ReportTurn(Busy busy) noexcept;
  ~ReportTurn();
  ReportTurn(const ReportTurn&) = delete;
  ReportTurn& operator=(const ReportTurn&) = delete;

  // False when this thread has it already, or by giving up.
  [[nodiscard]] bool taken() const noexcept { return taken_; }

 private:
  bool taken_ = false;
};

// For whoever has the turn, who reads it first.
[[nodiscard]] platform::StartEnvironment& start_environment() noexcept;

// Whether this process was cloned behind the C library's back, perhaps in its parent's memory until it execs
// or exits (vfork).
[[nodiscard]] bool is_unknown_child() noexcept;

}  // namespace ar::abi
