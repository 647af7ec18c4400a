#include "abi/message.hpp"

#include <cerrno>

#include "abi/report_turn.hpp"
#include "abi/symbolizer.hpp"
#include "platform/signal_shield.hpp"
#include "track/region/strings.hpp"
#include "track/sites/modules.hpp"

namespace ar::abi {

void write_place(platform::TextWriter& out, platform::Places places, std::uint32_t module,
                 std::uintptr_t address) noexcept {
  const track::ModuleRecord* const in = track::module(module);
  if (places == platform::Places::for_symbolizing && in != nullptr) {
    out.text(" in ");
    write_address(out, address, module, platform::Shown::function_and_place);
  } else if (in != nullptr) {
    // One less than the return address, so that it lies in the call.
    out.text(" at ").text(track::text(in->path)).text("+").hex(address - 1 - in->load_bias);
  } else {
    out.text(" at ").hex(address);
  }
}

void print_message(platform::MessageWriter write, const void* context) noexcept {
  const int saved = errno;
  const platform::SignalShield shield{platform::SignalShield::Ends::let_through};
  bool printed = false;
  if (const ReportTurn turn{ReportTurn::Busy::give_up}; turn.taken() && !is_unknown_child()) {
    printed = platform::print_symbolized(write, context, symbolizer_search, start_environment());
  }
  if (!printed) {
    platform::print_with_addresses(write, context);
  }
  errno = saved;
}

}  // namespace ar::abi
