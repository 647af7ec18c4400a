// A report's text on its way to standard error.
#pragma once

#include <unistd.h>

#include <cstdint>

#include "platform/text.hpp"

namespace ar::general_purpose {

class ReportText {
 public:
  ReportText() noexcept : out_(STDERR_FILENO) {}
  [[nodiscard]] platform::TextWriter& out() noexcept { return out_; }
  void frame(std::uint32_t number, std::uintptr_t return_address) noexcept {
    out_.text("    #").number(number).text(" ").hex(return_address - 1).text("\n");
  }
  void finish() noexcept { out_.flush(); }

 private:
  platform::TextWriter out_;
};

}  // namespace ar::general_purpose
