// Allocates at random in eight threads, by every function that allocates, and looks whether each block still
// has its content. Meanwhile blocks pass from thread to thread, threads end and are succeeded by others,
// processes are forked (some become other programs), a module is opened and closed, and signals interrupt all
// of this.
//
//   soak SECONDS SEED MODULE FORKS    FORKS: how many children at most
//   soak again                        what some children become
//
// At the end it prints what it has counted, per call site, for itself and for each child: "PROCESS
// own|forked|again SITE ALLOCATIONS BYTES FREES FREED_BYTES". Status 0: no block was damaged, and each child
// ended as it should.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "soak_blocks.hpp"

using namespace ar::test;

namespace {

constexpr unsigned thread_count = 8;
constexpr std::size_t exchange_count = 512;
constexpr std::size_t peak_size = std::size_t{512} << 20U;
constexpr int good_status = 7;

Worker workers[thread_count];
Worker main_worker;

struct Cell {
  std::atomic<bool> is_taken;
  Block block;
};
Cell exchange[exchange_count];

const char* module_path;
std::atomic<bool> stops, pauses;
pthread_barrier_t pause_begins, pause_ends;
pthread_key_t thread_end;
pthread_mutex_t module_lock = PTHREAD_MUTEX_INITIALIZER;
std::atomic<int> forks_left;
std::atomic<std::uint64_t> forks, forks_in_handlers, failed_forks, modules_opened, failed_modules, signals;
int null_device = -1;
std::int64_t peak;  // bytes; 0: not made

void pass_on(Worker& worker, Block& block) {
  Cell& cell = exchange[worker.random.below(exchange_count)];
  if (!cell.is_taken.exchange(true, std::memory_order_acquire)) {
    const Block other = cell.block;
    cell.block = block;
    block = other;
    cell.is_taken.store(false, std::memory_order_release);
    if (block.start != nullptr && worker.random.below(2) == 0) {
      release(worker, block);
    }
  }
}

void use_module(Worker& worker, Block& block) {
  if (pthread_mutex_trylock(&module_lock) != 0) {
    return;
  }
  void* const module = dlopen(module_path, RTLD_NOW);
  if (module == nullptr) {
    failed_modules.fetch_add(1, std::memory_order_relaxed);
  } else {
    using Allocate = void* (*)(std::size_t);
    auto* const allocate_there = reinterpret_cast<Allocate>(dlsym(module, "soak_allocate"));
    const std::size_t size = worker.random.size(10);
    block = finish_block(worker, allocate_there(size), size, Site::in_a_module);
    dlclose(module);
    modules_opened.fetch_add(1, std::memory_order_relaxed);
  }
  pthread_mutex_unlock(&module_lock);
}

void print_counts(const Worker* of, std::size_t count, const char* kind) {
  char text[2048];
  int length = 0;
  for (std::size_t site = 0; site < site_count; ++site) {
    Counts sum = {};
    for (std::size_t i = 0; i < count; ++i) {
      sum.allocations += of[i].counts[site].allocations;
      sum.bytes += of[i].counts[site].bytes;
      sum.frees += of[i].counts[site].frees;
      sum.freed_bytes += of[i].counts[site].freed_bytes;
    }
    length += std::snprintf(
        text + length, sizeof text - static_cast<std::size_t>(length), "%d %s %s: %llu %llu %llu %llu\n",
        static_cast<int>(getpid()), kind, site_names[site], static_cast<unsigned long long>(sum.allocations),
        static_cast<unsigned long long>(sum.bytes), static_cast<unsigned long long>(sum.frees),
        static_cast<unsigned long long>(sum.freed_bytes));
  }
  if (write(1, text, static_cast<std::size_t>(length)) != length) {
    _exit(8);
  }
}

void become_again() {
  execl("/proc/self/exe", "soak", "again", static_cast<char*>(nullptr));
  _exit(6);
}

// The forked child has this thread alone.
[[noreturn]] void be_child(Worker& worker) {
  std::memset(static_cast<void*>(worker.counts), 0, sizeof worker.counts);
  for (Block& block : worker.held) {
    block.is_inherited = true;
    if (block.start != nullptr) {
      check(block);
    }
  }
  for (int i = 0; i < 3000; ++i) {
    step(worker);
  }
  print_counts(&worker, 1, "forked");
  switch (worker.random.below(3)) {
    case 0:
      become_again();
      break;
    case 1:
      std::exit(good_status);
    default:
      break;
  }
  _exit(good_status);
}

bool ends_well(pid_t child) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended == child && WIFEXITED(status) && WEXITSTATUS(status) == good_status) {
    return true;
  }
  dprintf(2, "soak: child %d ended with status 0x%x\n", static_cast<int>(child),
          static_cast<unsigned>(status));
  return false;
}

void fork_child(Worker& worker) {
  // Not while a module is being opened: the loader would stay as it is just then.
  if (forks_left.fetch_sub(1) <= 0 || pthread_mutex_trylock(&module_lock) != 0) {
    return;
  }
  // Nor so that a handler forks within: glibc 2.36 then waits for a lock that this thread holds.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t child = fork();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child == 0) {
    be_child(worker);
  }
  pthread_mutex_unlock(&module_lock);
  if (child < 0) {
    failed_forks.fetch_add(1);
  } else if (ends_well(child)) {
    forks.fetch_add(1);
  } else {
    _exit(9);
  }
}

// Whatever a handler may do; one in a thousand forks.
void handle(int) {
  const int error = errno;
  const std::uint64_t number = signals.fetch_add(1, std::memory_order_relaxed);
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (write(null_device, &now, sizeof now) < 0) {
    _exit(8);
  }
  if (number % 1000 == 999 && forks_left.fetch_sub(1) > 0) {
    const pid_t child = fork();
    if (child == 0) {
      if (number % 2000 == 999) {
        become_again();
      }
      _exit(good_status);
    }
    if (child < 0) {
      failed_forks.fetch_add(1);
    } else if (ends_well(child)) {
      forks_in_handlers.fetch_add(1);
    } else {
      _exit(9);
    }
  }
  errno = error;
}

void at_thread_end(void* value) {
  Worker& worker = *static_cast<Worker*>(value);
  void* const start = opaque(std::malloc(100));  // site: at a thread's end
  Block block = finish_block(worker, start, 100, Site::at_thread_end);
  if (block.start != nullptr) {
    release(worker, block);
  }
}

void* work(void* argument) {
  Worker& worker = *static_cast<Worker*>(argument);
  if (worker.threads != 0) {
    pthread_join(worker.thread, nullptr);
  }
  worker.thread = pthread_self();
  ++worker.threads;
  pthread_setspecific(thread_end, &worker);
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
  while (!stops.load(std::memory_order_relaxed)) {
    if (pauses.load(std::memory_order_relaxed)) {
      pthread_barrier_wait(&pause_begins);
      pthread_barrier_wait(&pause_ends);
    }
    step(worker);
    Block& block = worker.held[worker.random.below(held_per_thread)];
    if (worker.random.below(4) == 0) {
      pass_on(worker, block);
    }
    if (block.start == nullptr && worker.random.below(2000) == 0) {
      use_module(worker, block);
    }
    if (worker.random.below(20000) == 0) {
      fork_child(worker);
    }
    if (worker.random.below(5000) == 0) {
      pthread_t successor;
      if (pthread_create(&successor, nullptr, work, &worker) == 0) {
        return nullptr;
      }
      ++worker.refused;
    }
  }
  worker.has_ended = true;
  return nullptr;
}

// While all workers wait, a block that is never touched makes the peak: it is known exactly.
[[gnu::noinline]] void make_peak() {
  pauses = true;
  pthread_barrier_wait(&pause_begins);
  pauses = false;
  std::int64_t live = 0;
  for (const Worker& worker : workers) {
    live += worker.live;
  }
  void* const start = opaque(std::malloc(peak_size));  // site: peak
  if (start == nullptr) {
    ++main_worker.refused;
  } else {
    const Block block = {start, peak_size, 0, Site::peak, false};
    count_allocation(main_worker, block);
    count_free(main_worker, block);
    std::free(start);
    peak = live + static_cast<std::int64_t>(peak_size);
  }
  pthread_barrier_wait(&pause_ends);
}

void wait_seconds(double seconds) {
  timespec left = {static_cast<time_t>(seconds),
                   static_cast<long>((seconds - static_cast<double>(static_cast<time_t>(seconds))) * 1e9)};
  while (nanosleep(&left, &left) != 0) {
  }
}

int run_again() {
  main_worker.random = ar::test::Random(static_cast<std::uint64_t>(getpid()));
  for (int i = 0; i < 3000; ++i) {
    step(main_worker);
  }
  print_counts(&main_worker, 1, "again");
  return good_status;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "again") == 0) {
    return run_again();
  }
  if (count != 5) {
    return 2;
  }
  const double seconds = std::strtod(arguments[1], nullptr);
  module_path = arguments[3];
  forks_left = std::atoi(arguments[4]);
  null_device = open("/dev/null", O_WRONLY | O_CLOEXEC);
  pthread_barrier_init(&pause_begins, nullptr, thread_count + 1);
  pthread_barrier_init(&pause_ends, nullptr, thread_count + 1);
  pthread_key_create(&thread_end, at_thread_end);
  struct sigaction action = {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGALRM);
  sigaddset(&mine, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &mine, nullptr);
  for (unsigned i = 0; i < thread_count; ++i) {
    workers[i].random = ar::test::Random(std::strtoull(arguments[2], nullptr, 10) * thread_count + i);
    pthread_t thread;
    if (pthread_create(&thread, nullptr, work, &workers[i]) != 0) {
      return 3;
    }
  }
  const itimerval often = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &often, nullptr);
  wait_seconds(seconds / 2);
  make_peak();
  wait_seconds(seconds / 2);
  const itimerval none = {};
  setitimer(ITIMER_REAL, &none, nullptr);
  stops = true;
  for (Worker& worker : workers) {
    while (!worker.has_ended) {
      wait_seconds(0.001);
    }
    pthread_join(worker.thread, nullptr);
  }
  std::uint64_t operations = 0;
  std::uint64_t threads = 0;
  std::uint64_t refused = main_worker.refused;
  for (const Worker& worker : workers) {
    for (const Block& block : worker.held) {
      if (block.start != nullptr) {
        check(block);
      }
    }
    operations += worker.operations;
    threads += worker.threads;
    refused += worker.refused;
  }
  static Worker all[thread_count + 1];
  for (std::size_t i = 0; i <= thread_count; ++i) {
    std::memcpy(static_cast<void*>(all[i].counts), i == thread_count ? main_worker.counts : workers[i].counts,
                sizeof all[i].counts);
  }
  print_counts(all, thread_count + 1, "own");
  dprintf(
      1,
      "operations %llu\nthreads %llu\nrefused %llu\nforks %llu\nforks-in-handlers %llu\nfailed-forks %llu\n",
      static_cast<unsigned long long>(operations), static_cast<unsigned long long>(threads),
      static_cast<unsigned long long>(refused), static_cast<unsigned long long>(forks.load()),
      static_cast<unsigned long long>(forks_in_handlers.load()),
      static_cast<unsigned long long>(failed_forks.load()));
  dprintf(1, "modules %llu\nfailed-modules %llu\nsignals %llu\npeak %lld\n",
          static_cast<unsigned long long>(modules_opened.load()),
          static_cast<unsigned long long>(failed_modules.load()),
          static_cast<unsigned long long>(signals.load()), static_cast<long long>(peak));
  return 0;
}
