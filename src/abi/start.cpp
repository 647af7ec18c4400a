// First allocation, fork, the very end.
#include "abi/start.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "abi/misuse.hpp"
#include "abi/own_functions.hpp"
#include "abi/process_options.hpp"
#include "abi/report.hpp"
#include "heap/thread_heap.hpp"
#include "heap/thread_state.hpp"
#include "leaks/leak_scan.hpp"
#include "platform/environment.hpp"
#include "platform/fork_locks.hpp"
#include "platform/loaded_module.hpp"
#include "platform/options.hpp"
#include "platform/pages.hpp"
#include "platform/relocation.hpp"
#include "platform/sandbox.hpp"
#include "platform/system_call.hpp"
#include "track/region/mode.hpp"
#include "track/region/strings.hpp"
#include "track/region/untracked_notice.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/recorders.hpp"
#include "track/tracker.hpp"

extern "C" int __cxa_atexit(void (*function)(void*), void* argument, void* module) noexcept;

namespace ar::abi {

namespace {

constexpr std::size_t path_size = 4096;
char report_path[path_size];
char symbolizer_path[path_size];
char profile_directory[path_size];
char profile_file[path_size];
track::ProfilePath place;  // of one of these if `arpent run` watches, else nowhere
bool follow_children = false;
bool surveyed = false;  // `arpent run` watches
track::Mode wanted_mode = track::Mode::sites;
std::uint32_t wanted_stack_depth = track::default_stack_depth;
bool with_command_line = true;

bool null_freed = false;
FreeLeads free_leads = FreeLeads::unknown;
std::atomic<long> ending_thread{0};  // the one that ends the process; 0 means that none does yet
std::atomic<bool> ended{false};
long started_pid = 0;

// A preloaded copy that does not serve takes `arpent run`'s variables out of the environment before this
// one, linked into the program, starts: then what the process was started with counts.
constinit platform::VariableReader read_variable = platform::environment_value;

using platform::option;

void choose_reader() noexcept {
  constexpr const char* name = option("ARPENT_PROFILE_DIRECTORY").name;
  place.directory = platform::environment_value(name, profile_directory, sizeof profile_directory);
  if (place.directory == nullptr) {
    place.directory = platform::initial_environment_value(name, profile_directory, sizeof profile_directory);
    if (place.directory != nullptr) {
      read_variable = platform::initial_environment_value;
    }
  }
  if (place.directory != nullptr) {
    place.file = read_variable(option("ARPENT_PROFILE_FILE").name, profile_file, sizeof profile_file);
    surveyed = true;
    place.directory = place.file == nullptr ? place.directory : nullptr;
  }
}

// A path that is too long is kept, cut off: the report then says that it cannot go there.
bool read_path(const platform::Option& of, char (&path)[path_size]) noexcept {
  return platform::read_text(of, read_variable, path, sizeof path);
}

constexpr platform::Option mode_option = option("ARPENT_MODE");
constexpr platform::Option depth_option = option("ARPENT_STACK_DEPTH");
constexpr platform::Option mismatch_option = option("ARPENT_MISMATCH");

static_assert(platform::choice_index(mode_option, "off") == static_cast<unsigned>(track::Mode::off));
static_assert(platform::choice_index(mode_option, "sites") == static_cast<unsigned>(track::Mode::sites));
static_assert(platform::choice_index(mode_option, "stacks") == static_cast<unsigned>(track::Mode::stacks));
static_assert(platform::range_of(depth_option).most == track::most_stack_depth);
static_assert(platform::number_in_range(depth_option, depth_option.default_value) ==
              track::default_stack_depth);
static_assert(platform::choice_index(mismatch_option, "ignore") ==
              static_cast<unsigned>(MismatchPolicy::ignore));
static_assert(platform::choice_index(mismatch_option, "report") ==
              static_cast<unsigned>(MismatchPolicy::report));
static_assert(platform::choice_index(mismatch_option, "abort") ==
              static_cast<unsigned>(MismatchPolicy::abort));

void read_options() noexcept {
  choose_reader();
  process_options.disabled = platform::read_choice(option("ARPENT_DISABLE"), read_variable) != 0;
  if (process_options.disabled) {
    set_mismatch_policy(MismatchPolicy::ignore);
    wanted_mode = track::Mode::off;
    return;
  }
  platform::warn_about_misspelt_names();
  set_mismatch_policy(static_cast<MismatchPolicy>(platform::read_choice(mismatch_option, read_variable)));
  if (read_path(option("AGERUN_MEMORY_REPORT"), report_path) ||
      read_path(option("ARPENT_REPORT"), report_path)) {
    process_options.report_path = report_path;
  }
  process_options.symbolizer =
      read_variable(option("ARPENT_SYMBOLIZER").name, symbolizer_path, sizeof symbolizer_path);
  follow_children = platform::read_choice(option("ARPENT_FOLLOW_CHILDREN"), read_variable) != 0;
  wanted_mode = static_cast<track::Mode>(platform::read_choice(mode_option, read_variable));
  wanted_stack_depth = platform::read_number(depth_option, read_variable);
  with_command_line = platform::read_choice(option("ARPENT_COMMAND_LINE"), read_variable) != 0;
}

// Leaves word for `arpent run` that there is no profile of this process, if there is a reason.
void leave_notice(track::Untracked cause) noexcept {
  if (cause == track::Untracked::not_so || profile_directory[0] == '\0') {
    return;
  }
  static track::UntrackedNotice notice;
  static char text[track::UntrackedNotice::size_for_text];
  static char path[path_size];
  const char* program = platform::program_path(path, sizeof path);
  if (program[0] == '\0' && track::header() != nullptr) {
    program = track::text(track::header()->program);  // in a root without /proc
  }
  notice.leave(profile_directory, static_cast<std::int32_t>(platform::system_call(SYS_getpid)),
               static_cast<std::int32_t>(platform::system_call(SYS_getppid)), cause, program, text);
}

// The same if another malloc serves the process, so that no options were read.
void leave_notice_of_other_malloc() noexcept {
  if (!platform::is_secure_execution() &&
      platform::environment_value(option("ARPENT_PROFILE_DIRECTORY").name, profile_directory,
                                  sizeof profile_directory) != nullptr) {
    leave_notice(track::Untracked::other_malloc);
  }
}

// Called by the heap before the process's first block, when nothing of the C++ or even the C library may be
// up.
void first_allocation() noexcept {
  if (!claim_process()) {
    heap::stand_aside();
    return;
  }
  started_pid = platform::system_call(SYS_getpid);
  // A program with more rights than its user does what it does whatever the user sets.
  if (!platform::is_secure_execution()) {
    read_options();
  }
  leave_notice(track::start(wanted_mode, wanted_stack_depth, place, with_command_line));
}

void thread_ends() noexcept { track::detach_recorder(); }

constexpr auto for_each_fork_lock = [](auto visit) {
  track::for_each_fork_lock(visit);
  heap::for_each_fork_lock(visit);
};

void before_fork() noexcept {
  platform::ForkLocks::take(for_each_fork_lock);
  track::note_region_at_fork();
}

void after_fork_in_parent() noexcept { platform::ForkLocks::release(for_each_fork_lock); }

void after_fork_in_child() noexcept {
  platform::set_page_locks(platform::PageLocks::none);  // a child's memory is not locked
  bool is_heap_whole = true;
  heap::for_each_fork_lock(
      [&](const platform::Lock& lock) { is_heap_whole = is_heap_whole && lock.is_held_by_own_fork(); });
  platform::ForkLocks::reset(for_each_fork_lock);
  // A thread that was interrupted in the midst of a change completes it later, and then can adopt nothing.
  if (platform::ForkLocks::had_threads() && is_heap_whole) {
    heap::after_fork_in_child();
  }
  track::after_fork_in_child(follow_children ? place : track::ProfilePath{}, leave_notice);
  process_options.forked = true;
  surveyed = surveyed && follow_children;
  started_pid = platform::system_call(SYS_getpid);
  ending_thread = 0;
  ended = false;
}

// One thread writes what is written at the end. Others that end the process meanwhile wait for it: their exit
// would cut it off. One that comes here again, from a signal handler, does not wait for itself.
bool may_finish() noexcept {
  const long self = platform::system_call(SYS_gettid);
  long other = 0;
  if (ending_thread.compare_exchange_strong(other, self)) {
    return true;
  }
  while (other != self && !ended) {
    const timespec pause{0, 1000000};
    platform::system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  }
  return false;
}

void finish(track::RunState state) noexcept {
  if (started_pid == 0 || track::profile() == nullptr) {
    return;
  }
  if (platform::is_sandboxed()) {
    track::profile()->leak_scan = track::LeakScan::sandboxed;
    track::set_run_state(state);
    return;
  }
  if (is_borrowed_memory() || !may_finish()) {
    return;
  }
  if (surveyed) {
    leaks::scan_for_leaks();
  }
  write_exit_report();
  track::set_run_state(state);
  ended = true;
}

// A second thread that calls exit meanwhile finds no handlers left and would end the process at once: each
// call leaves one for the next, which waits there.
void at_the_very_end(void*) noexcept {
  const bool is_tracked = track::profile() != nullptr && !platform::is_sandboxed() && !is_borrowed_memory();
  if (is_tracked && !ended && ending_thread != platform::system_call(SYS_gettid)) {
    __cxa_atexit(at_the_very_end, nullptr, nullptr);
  }
  finish(track::RunState::exited);
}
void at_quick_exit_end() noexcept { finish(track::RunState::quick_exit); }

// Whether the process's malloc is this one: another copy of this library, or an allocator of the program's
// own, may stand before it. Checked with free(NULL), which is harmless everywhere and reaches us only if we
// are the process's malloc. If it reaches another copy, that one starts, as this one does here.
bool serves() noexcept {
  null_freed = false;
  free(nullptr);
  return null_freed;
}

// In the preload library, this comes before all other constructors, that of the C library included (-z
// initfirst). A program that ends in one of these calls none of the loader's destructors; but the handler
// that was registered first is called last.
[[gnu::constructor(101)]] void library_starts(int, char**, char** variables) noexcept {
  platform::set_relocated();
  if (environ == nullptr) {
    environ = variables;  // as the C library does next
    __cxa_atexit(at_the_very_end, nullptr, nullptr);
  }
  const bool is_process_malloc = serves();
  free_leads = is_process_malloc ? FreeLeads::here : FreeLeads::elsewhere;
  if (is_other_copy_ready()) {
    return;
  }
  keep_loaded();
  if (!is_process_malloc) {
    leave_notice_of_other_malloc();
    return;
  }
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  at_quick_exit(at_quick_exit_end);
}

// A handler that is registered while the loader runs the destructors is called once they all have run, those
// of every other library included: what they free is no leak.
[[gnu::destructor(101)]] void library_ends() noexcept {
  if (started_pid != 0) {
    __cxa_atexit(at_the_very_end, nullptr, nullptr);
  }
}

}  // namespace

void note_null_free() noexcept {
  if (null_freed) {
    return;
  }
  null_freed = true;
  if (heap::thread_state.heap == &heap::empty_heap && heap::attach_thread() == nullptr) {
    leave_notice(track::Untracked::address_limit);
  }
}

void finish_before_exit_call() noexcept { finish(track::RunState::quick_exit); }

FreeLeads where_free_leads() noexcept { return free_leads; }

void register_fork_handlers(ForkRegistrar registrar) noexcept {
  if (registrar != nullptr && free_leads == FreeLeads::here) {
    (void)registrar(before_fork, after_fork_in_parent, after_fork_in_child, nullptr);
  }
}

bool is_borrowed_memory() noexcept {
  return !platform::is_sandboxed() && platform::system_call(SYS_getpid) != started_pid;
}

}  // namespace ar::abi

namespace ar::heap {
constinit const Hooks hooks = {ar::abi::first_allocation, ar::abi::thread_ends};
}  // namespace ar::heap

// exit() ends through its own copy of this; only a program that calls it by name comes here.
ARPENT_EXPORT_C void _exit(int status) {
  ar::abi::known_copy().finish();
  for (;;) {
    ar::platform::system_call(SYS_exit_group, status);
  }
}

ARPENT_EXPORT_C void _Exit(int status) noexcept { _exit(status); }

ARPENT_OWN(_exit);
ARPENT_OWN(_Exit);
