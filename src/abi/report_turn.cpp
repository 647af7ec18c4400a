#include "abi/report_turn.hpp"

#include <sys/syscall.h>

#include <atomic>
#include <ctime>

#include "platform/system_call.hpp"
#include "track/region/mode.hpp"

namespace ar::abi {

using platform::system_call;

namespace {

constexpr std::uint64_t nobody = 0;
constinit std::atomic<std::uint64_t> turn_holder{nobody};

platform::StartEnvironment environment;

std::uint32_t process_id() noexcept { return static_cast<std::uint32_t>(system_call(SYS_getpid)); }

}  // namespace

ReportTurn::ReportTurn(Busy busy) noexcept {
  const std::uint64_t process = process_id();
  const std::uint64_t self = (process << 32U) | static_cast<std::uint32_t>(system_call(SYS_gettid));
  std::uint64_t holder = nobody;
  while (!turn_holder.compare_exchange_strong(holder, self, std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
    if (holder == self) {
      return;
    }
    if (holder == nobody || holder >> 32U != process) {
      continue;  // free meanwhile, or of the process that forked us: `holder` is what we take it from
    }
    if (busy == Busy::give_up) {
      return;
    }
    const timespec pause{0, 1000000};
    system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
    holder = nobody;
  }
  taken_ = true;
}

ReportTurn::~ReportTurn() {
  if (taken_) {
    turn_holder.store(nobody, std::memory_order_release);
  }
}

platform::StartEnvironment& start_environment() noexcept { return environment; }

bool is_unknown_child() noexcept {
  return track::profile() != nullptr && static_cast<std::uint32_t>(track::profile()->pid) != process_id();
}

}  // namespace ar::abi
