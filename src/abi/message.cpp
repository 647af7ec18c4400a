#include "abi/message.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "abi/report_turn.hpp"
#include "abi/symbolizer.hpp"
#include "platform/clock.hpp"
#include "platform/signal_shield.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

using platform::system_call;
using platform::TextWriter;

namespace {

// Milliseconds: a program of a thousand wrong releases is not to take minutes, nor a service to hang.
constexpr std::int64_t patience = 5000;
constexpr std::int64_t patience_in_all = 5000;

// Of whoever has the turn.
bool given_up = false;
std::int64_t waited = 0;

// What symbolize() compares; not printed.
constexpr char heading[] = "A message of Arpent's, to be passed through `arpent symbolize`.   \n";
constexpr char ending[] = "\nIts last line.\n";
static_assert(sizeof heading - 1 >= compared_at_start && sizeof ending - 1 == compared_at_end);

// Memory that behaves as a file.
class Scratch {
 public:
  Scratch() noexcept
      : descriptor_(static_cast<int>(
            system_call(SYS_memfd_create, reinterpret_cast<long>("arpent-message"), MFD_CLOEXEC))) {}
  ~Scratch() {
    if (descriptor_ >= 0) {
      system_call(SYS_close, descriptor_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// What stands between heading and ending, as one line. False when there is nothing.
bool print_inside(int file) noexcept {
  constexpr long begin = sizeof heading - 1;
  const long end = system_call(SYS_lseek, file, 0, SEEK_END) - static_cast<long>(compared_at_end);
  if (end <= begin) {
    return false;
  }
  TextWriter out(STDERR_FILENO);
  char chunk[256];
  for (long at = begin; at < end;) {
    const long wanted =
        end - at < static_cast<long>(sizeof chunk) ? end - at : static_cast<long>(sizeof chunk);
    const long got = system_call(SYS_pread64, file, reinterpret_cast<long>(chunk), wanted, at);
    if (got <= 0) {
      break;
    }
    out.bytes(chunk, static_cast<std::size_t>(got));
    at += got;
  }
  out.text("\n");
  return true;
}

}  // namespace

void write_place(TextWriter& out, Places places, std::uint32_t module, std::uintptr_t address) noexcept {
  const track::ModuleRecord* const in = track::module(module);
  if (places == Places::for_symbolizing && in != nullptr) {
    out.text(" in ");
    write_address(out, address, module, Shown::function_and_place);
  } else if (in != nullptr) {
    // One less than the return address, so that it lies in the call.
    out.text(" at ").text(track::text(in->path)).text("+").hex(address - 1 - in->load_bias);
  } else {
    out.text(" at ").hex(address);
  }
}

void print_message(void (*write)(const void* context, TextWriter& out, Places places) noexcept,
                   const void* context) noexcept {
  const int saved = errno;
  const platform::SignalShield shield;
  bool printed = false;
  if (const ReportTurn turn{ReportTurn::Busy::give_up}; turn.taken() && !given_up && !is_unknown_child()) {
    const Scratch raw;
    const Scratch done;
    if (raw.descriptor() >= 0 && done.descriptor() >= 0) {
      {
        TextWriter out(raw.descriptor());
        out.text(heading);
        write(context, out, Places::for_symbolizing);
        out.text(ending);
      }
      start_environment().read();
      const std::int64_t before = platform::monotonic_milliseconds();
      printed = symbolize(raw.descriptor(), done.descriptor(), start_environment(), patience) &&
                print_inside(done.descriptor());
      waited += platform::monotonic_milliseconds() - before;
      given_up = !printed || waited > patience_in_all;
    }
  }
  if (!printed) {
    TextWriter out(STDERR_FILENO);
    write(context, out, Places::addresses);
    out.text("\n");
  }
  errno = saved;
}

}  // namespace ar::abi
