// A report on its way to standard error, with functions and lines where they can be had.
#pragma once

#include <cstdint>

#include "platform/symbolized_message.hpp"
#include "platform/text.hpp"

namespace ar::general_purpose {

class ReportText {
 public:
  ReportText(platform::TextWriter& out, platform::Places places) noexcept : out_(out), places_(places) {}
  [[nodiscard]] platform::TextWriter& out() noexcept { return out_; }

  // A line for one frame of a stack. Lines begin with their line's end before them: the report ends its last.
  void frame(std::uint32_t number, std::uintptr_t return_address) noexcept;

 private:
  platform::TextWriter& out_;
  platform::Places places_;
};

// Prints what the writer writes. Waits for no other thread: where one is printing, frames are module and
// offset.
void print_report(platform::MessageWriter write, const void* context) noexcept;

// The same of write(report), which may be called twice.
template <typename Write>
void print_report(const Write& write) noexcept {
  print_report(
      [](const void* context, platform::TextWriter& out, platform::Places places) noexcept {
        ReportText report(out, places);
        (*static_cast<const Write*>(context))(report);
      },
      &write);
}

}  // namespace ar::general_purpose
