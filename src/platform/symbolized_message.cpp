#include "platform/symbolized_message.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "platform/clock.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

// Milliseconds: a program of a thousand wrong releases is not to take minutes, nor a service to hang.
constexpr std::int64_t patience = 5000;
constexpr std::int64_t patience_in_all = 5000;

// Of the one thread that is in here.
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

bool print_symbolized(MessageWriter write, const void* context, SearchMaker search,
                      StartEnvironment& environment) noexcept {
  if (given_up) {
    return false;
  }
  const Scratch raw;
  const Scratch done;
  if (raw.descriptor() < 0 || done.descriptor() < 0) {
    return false;
  }
  {
    TextWriter out(raw.descriptor());
    out.text(heading);
    write(context, out, Places::for_symbolizing);
    out.text(ending);
  }
  environment.read();
  const std::int64_t before = monotonic_milliseconds();
  const bool printed = symbolize(raw.descriptor(), done.descriptor(), search(), environment, patience) &&
                       print_inside(done.descriptor());
  waited += monotonic_milliseconds() - before;
  given_up = !printed || waited > patience_in_all;
  return printed;
}

void print_with_addresses(MessageWriter write, const void* context) noexcept {
  TextWriter out(STDERR_FILENO);
  write(context, out, Places::addresses);
  out.text("\n");
}

}  // namespace ar::platform
