#include "abi/report.hpp"

#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "abi/leak_list.hpp"
#include "abi/process_options.hpp"
#include "abi/report_file.hpp"
#include "abi/report_text.hpp"
#include "abi/report_turn.hpp"
#include "abi/symbolizer.hpp"
#include "platform/environment.hpp"
#include "platform/local_time.hpp"
#include "platform/signal_shield.hpp"
#include "platform/system_call.hpp"
#include "track/region/mode.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/counters.hpp"

namespace ar::abi {

using platform::system_call;
using platform::TextWriter;

namespace {

constexpr int standard_output = 1;
constexpr int standard_error = 2;

platform::TimeZone zone;

std::uint32_t process_id() noexcept { return static_cast<std::uint32_t>(system_call(SYS_getpid)); }

bool is_child() noexcept { return process_options.forked || is_unknown_child(); }

// Writes the report to where `file` leads. False, and file.obstacle(), when it did not get there.
bool write_to(ReportFile& file, const LeakList& leaks) noexcept {
  if (!file.open_scratch()) {
    return false;
  }
  std::size_t addresses = 0;
  {
    TextWriter out{file.raw().descriptor()};
    addresses = write_report_text(out, leaks, zone);
    out.flush();
    if (out.error() != 0) {
      return file.fail("it cannot be written", out.error());
    }
  }
  if (addresses == 0) {
    return file.deliver(file.raw());
  }
  if (!platform::symbolize(file.raw().descriptor(), file.symbolized().descriptor(), symbolizer_search(),
                           start_environment(), report_patience)) {
    int error = file.symbolized().clear();
    error = error != 0 ? error
                       : platform::copy_with_offsets(file.raw().descriptor(), file.symbolized().descriptor());
    if (error != 0) {
      return file.fail("it cannot be written", error);
    }
  }
  return file.deliver(file.symbolized());
}

void write_to_standard_error(const ReportFile& file, const LeakList& leaks) noexcept {
  {
    TextWriter out{standard_error};
    out.text("arpent: the memory report cannot be written to '");
    out.printable(file.shown_path());
    out.text("': ").text(file.obstacle());
    if (file.error() != 0) {
      const char* const reason = strerrordesc_np(file.error());
      out.text(" (").text(reason != nullptr ? reason : "unknown error").text(")");
    }
    out.text(". It follows here.\n");
  }
  ReportFile direct{"/dev/stderr", 0};
  if (!write_to(direct, leaks)) {
    TextWriter out{standard_error};
    write_report_text(out, leaks, zone);
  }
}

void announce(const LeakSums& sums, const char* path) noexcept {
  const auto where = [path](TextWriter& out) noexcept {
    if (path != nullptr) {
      out.text(" See ");
      out.printable(path);
      out.text(" for details.\n");
    } else {
      out.text(" The report is on standard error.\n");
    }
  };
  if (sums.actual != 0) {
    TextWriter out{standard_error};
    out.text("Warning: ").number(sums.actual).text(" memory leaks detected (").number(sums.actual_bytes);
    out.text(" bytes).");
    where(out);
  }
  if (sums.intentional != 0) {
    TextWriter out{standard_output};
    out.text("Note: ").number(sums.intentional).text(" intentional memory leaks for testing (");
    out.number(sums.intentional_bytes).text(" bytes).");
    where(out);
  }
}

enum class Occasion : unsigned char { asked_for, exit };

void write_report(Occasion occasion) noexcept {
  start_environment().read();
  zone.load(platform::is_secure_execution() ? nullptr : start_environment().value("TZ"));
  LeakList leaks;
  if (track::profile() != nullptr) {
    leaks.gather();
  }
  const LeakSums& sums = leaks.sums();
  if (occasion == Occasion::exit && is_child() && sums.actual + sums.intentional == 0) {
    return;  // thousands of clean children leave no file each
  }
  ReportFile file{process_options.report_path, is_child() ? process_id() : 0};
  const bool written = write_to(file, leaks);
  if (!written) {
    write_to_standard_error(file, leaks);
  }
  announce(sums, written ? file.shown_path() : nullptr);
}

bool anything_came_through_ar_heap() noexcept {
  const std::uint32_t count = __atomic_load_n(&track::profile()->origin_count, __ATOMIC_ACQUIRE);
  for (track::OriginIndex index = 1; index < count; ++index) {
    if (came_through_ar_heap(index) && track::is_own(index) && track::totals(index).allocations != 0) {
      return true;
    }
  }
  return false;
}

void write_in_turn(Occasion occasion) noexcept {
  const int saved = errno;
  {
    const platform::SignalShield shield{platform::SignalShield::Ends::let_through};
    const ReportTurn turn{ReportTurn::Busy::wait};
    if (turn.taken()) {
      write_report(occasion);
    }
  }
  errno = saved;
}

}  // namespace

void write_report_now() noexcept {
  if (!process_options.disabled) {
    write_in_turn(Occasion::asked_for);
  }
}

void write_exit_report() noexcept {
  // A set-uid program writes no file that its caller chose the folder of; and what an unknown child sees is
  // its parent's.
  if (track::profile() == nullptr || platform::is_secure_execution() || is_unknown_child() ||
      !anything_came_through_ar_heap()) {
    return;
  }
  write_in_turn(Occasion::exit);
}

}  // namespace ar::abi
