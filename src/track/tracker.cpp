#include "track/tracker.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include "heap/process_pages.hpp"
#include "heap/thread_state.hpp"
#include "platform/clock.hpp"
#include "platform/system_call.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"
#include "track/region/timeline.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/recorders.hpp"

namespace ar::track {

namespace {

// The whole of a small file of /proc with NULs turned to spaces. Returns an interned string's offset.
Offset intern_command_line() noexcept {
  char line[4096];
  const long descriptor = platform::system_call(
      SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/cmdline"), O_RDONLY | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return 0;
  }
  long size = platform::system_call(SYS_read, descriptor, reinterpret_cast<long>(line), sizeof line - 1);
  platform::system_call(SYS_close, descriptor);
  size = size < 0 ? 0 : size;
  while (size > 0 && line[size - 1] == '\0') {
    --size;
  }
  for (long i = 0; i < size; ++i) {
    line[i] = line[i] == '\0' ? ' ' : line[i];
  }
  line[size] = '\0';
  return intern_string(line);
}

Offset intern_program() noexcept {
  char path[4096];
  const long size = platform::system_call(SYS_readlink, reinterpret_cast<long>("/proc/self/exe"),
                                          reinterpret_cast<long>(path), sizeof path - 1);
  path[size > 0 ? size : 0] = '\0';
  return intern_string(path);
}

void describe_process() noexcept {
  Header* of = header();
  of->pid = static_cast<std::int32_t>(platform::system_call(SYS_getpid));
  of->parent_pid = static_cast<std::int32_t>(platform::system_call(SYS_getppid));
  of->mode = static_cast<std::uint32_t>(mode());
  of->serving = 1;
}

}  // namespace

void start(Mode wanted, std::uint32_t stack_depth, const ProfilePath& place) noexcept {
  if (wanted == Mode::off || !open_region(place)) {
    return;
  }
  if (!open_origins(wanted == Mode::stacks)) {
    return;
  }
  if (wanted == Mode::stacks) {
    header()->stack_depth = stack_depth;
  }
  set_mode(wanted);
  heap::keep_slots = true;
  begin_timeline();
  header()->start_time = platform::wall_clock_seconds();
  header()->program = intern_program();
  header()->command_line = intern_command_line();
  describe_process();
}

void set_run_state(RunState state) noexcept {
  if (Header* of = profile(); of != nullptr) {
    name_running_threads();
    end_peak();
    __atomic_store(&of->state, &state, __ATOMIC_RELEASE);
  }
}

void note_mismatch() noexcept {
  if (Header* of = profile(); of != nullptr) {
    __atomic_fetch_add(&of->mismatches, 1, __ATOMIC_RELAXED);
  }
}

void after_fork_in_child(const ProfilePath& place) noexcept {
  clear_samples();
  if (profile() == nullptr) {
    return;
  }
  const std::uint32_t depth = header()->stack_depth;
  separate_region(place);
  if (header()->origin_count == 0 && !open_origins(mode() == Mode::stacks)) {
    set_mode(Mode::off);
    heap::thread_state.recorder = nullptr;
    return;
  }
  header()->stack_depth = depth;
  header()->threads = 0;
  header()->state = RunState::running;
  header()->mismatches = 0;
  header()->leak_scan = LeakScan::not_done;
  begin_own_origins();
  restart_recorders();
  describe_process();
}

}  // namespace ar::track
