// ar_heap_concurrency SCENARIO: reports while others allocate, report, fork and are interrupted. Exit status
// 0 is a pass. At the end exactly the blocks described as "kept" are leaked: "kept <count> <bytes>" on
// standard output says how many.
#define DEBUG
#include <ar_heap.h>
#include <fcntl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int thread_count = 8;
std::atomic<bool> stop{false};
std::atomic<std::uint64_t> allocations{0};

void check(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "not true: %s\n", what);
    _exit(99);
  }
}

void churn(unsigned seed, long rounds) {
  void* blocks[64] = {};
  std::uint64_t made = 0;
  for (long round = 0; round != rounds && !stop; ++round) {
    seed = seed * 1103515245U + 12345U;
    void*& block = blocks[(seed >> 16U) % 64];
    AR__HEAP__FREE(block);
    char description[32];
    std::snprintf(description, sizeof description, "of slot %u", (seed >> 16U) % 64);
    block = AR__HEAP__MALLOC(1 + (seed >> 8U) % 5000, description);
    ++made;
  }
  for (void* block : blocks) {
    AR__HEAP__FREE(block);
  }
  allocations += made;
}

void keep(std::size_t size) {
  check(AR__HEAP__MALLOC(size, "kept") != nullptr, "memory");
  ++allocations;
}

// The file is complete whenever the call has returned, whoever else writes one just then.
bool report_is_whole() {
  char text[64];
  const int file = open("heap_memory_report.log", O_RDONLY | O_CLOEXEC);
  check(file >= 0, "a report");
  const off_t size = lseek(file, 0, SEEK_END);
  const char* const last = "End of the report.\n";
  const auto length = static_cast<off_t>(std::strlen(last));
  check(pread(file, text, static_cast<std::size_t>(length), size - length) == length, "a long report");
  close(file);
  return std::memcmp(text, last, static_cast<std::size_t>(length)) == 0;
}

void reports_among_threads() {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) {
    threads.emplace_back([i] {
      keep(i + 1);
      churn(i, -1);
    });
  }
  std::vector<std::thread> reporters;
  for (int i = 0; i < 3; ++i) {
    reporters.emplace_back([] {
      for (int round = 0; round < 20; ++round) {
        errno = 77;
        ar_heap__memory_report();
        check(errno == 77, "errno is kept");
        check(report_is_whole(), "a whole report");
      }
    });
  }
  for (std::thread& reporter : reporters) {
    reporter.join();
  }
  stop = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::printf("kept %d %d\n", thread_count, thread_count * (thread_count + 1) / 2);
}

std::atomic<int> interruptions{0};
void on_alarm(int) {
  ar_heap__memory_report();
  ++interruptions;
}

// A handler that interrupts an allocation, a release or a report at any point.
void reports_in_handlers() {
  // A handler's stack may be small. What the kernel puts there first is larger on processors with more
  // registers.
  static char alternate[65536];
  const stack_t stack{alternate, 0, static_cast<std::size_t>(sysconf(_SC_MINSIGSTKSZ)) + 14 * 1024};
  check(sigaltstack(&stack, nullptr) == 0, "sigaltstack");
  struct sigaction action{};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  check(sigaction(SIGVTALRM, &action, nullptr) == 0, "sigaction");
  const itimerval often{{0, 2000}, {0, 2000}};
  check(setitimer(ITIMER_VIRTUAL, &often, nullptr) == 0, "setitimer");
  keep(10);
  while (interruptions < 200) {
    churn(static_cast<unsigned>(interruptions), 1000);
    if (interruptions % 16 == 0) {
      ar_heap__memory_report();
    }
  }
  const itimerval never{};
  check(setitimer(ITIMER_VIRTUAL, &never, nullptr) == 0, "setitimer");
  std::printf("kept 1 10\n");
}

// A child that was forked while another thread was reporting must be able to report.
void forks_among_reports() {
  keep(10);
  std::thread reporter([] {
    while (!stop) {
      ar_heap__memory_report();
    }
  });
  std::thread allocator([] { churn(1, -1); });
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
      AR__HEAP__FREE(AR__HEAP__MALLOC(5, "of the child"));
      ar_heap__memory_report();
      _exit(0);
    }
    int status = 0;
    check(waitpid(child, &status, 0) == child && status == 0, "a child that ends well");
    const std::string name = "heap_memory_report.log." + std::to_string(child);
    check(unlink(name.c_str()) == 0, "the child's own report");
  }
  stop = true;
  reporter.join();
  allocator.join();
  std::printf("kept 1 10\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string scenario = argc == 2 ? argv[1] : "";
  if (scenario == "reports_among_threads") {
    reports_among_threads();
  } else if (scenario == "reports_in_handlers") {
    reports_in_handlers();
  } else if (scenario == "forks_among_reports") {
    forks_among_reports();
  } else {
    std::fprintf(stderr, "ar_heap_concurrency: unknown scenario\n");
    return 2;
  }
  std::printf("total %llu\n", static_cast<unsigned long long>(allocations.load()));
  return 0;
}
