/* ar_heap_processes SCENARIO: processes that fork, change their surroundings or end in unusual ways, and leak
 * one block or none. Prints "child PID" for each child that leaks. Exit status 0 is a pass, except where the
 * scenario ends otherwise. */
#define DEBUG
#define _GNU_SOURCE
#include <ar_heap.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void* volatile kept;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      _exit(99);                                                                \
    }                                                                           \
  } while (0)

static void leak(size_t size, const char* description) {
  kept = AR__HEAP__MALLOC(size, description);
  CHECK(kept != NULL);
}

static void wait_for(pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fork_and_leak(void) {
  leak(100, "before the fork");
  void* inherited = AR__HEAP__MALLOC(50, "released by both");
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    AR__HEAP__FREE(inherited);
    leak(30, "of the child");
    AR__HEAP__FREE(AR__HEAP__MALLOC(5, "released"));
    const pid_t grandchild = fork();
    CHECK(grandchild >= 0);
    if (grandchild == 0) {
      leak(7, "of the grandchild");
      exit(0);
    }
    printf("grandchild %d\n", (int)grandchild);
    wait_for(grandchild);
    exit(0);
  }
  printf("child %d\n", (int)child);
  AR__HEAP__FREE(inherited);
  wait_for(child);
}

static void fork_and_release(void) {
  leak(100, "before the fork");
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    AR__HEAP__FREE(AR__HEAP__MALLOC(10, "released"));
    exit(0);
  }
  wait_for(child);
}

static void fork_and_do_nothing(void) {
  leak(100, "before the fork");
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    kept = malloc(10);
    exit(0);
  }
  wait_for(child);
}

/* A vfork child runs in its parent's memory; its end is not its parent's. */
static void vfork_and_fail(void) {
  leak(100, "of the parent");
  const pid_t child = vfork();
  if (child == 0) {
    execl("/nonexistent/program", "program", (char*)NULL);
    _exit(0);
  }
  wait_for(child);
  CHECK(access("heap_memory_report.log", F_OK) != 0);
}

static void change_directory(void) {
  leak(100, "here");
  CHECK(mkdir("elsewhere", 0700) == 0);
  CHECK(chdir("elsewhere") == 0);
}

static void clear_environment(void) {
  leak(100, "here");
  CHECK(clearenv() == 0);
}

static void close_everything(void) {
  leak(100, "here");
  for (int i = 0; i < 100; ++i) close(i);
}

static void close_output(void) {
  leak(100, "here");
  leak(10, AR_HEAP_INTENTIONAL_LEAK);
  fflush(stdout);
  close(1);
  CHECK(open("victim", O_RDWR | O_CREAT | O_TRUNC, 0600) == 1);
}

static void strict_mask(void) {
  leak(100, "here");
  umask(0777);
}

static void end_at_once(void) {
  leak(100, "here");
  _exit(3);
}

static void end_quickly(void) {
  leak(100, "here");
  quick_exit(4);
}

static void* end_in_thread(void* ignored) {
  leak(100, "here");
  exit(5);
  return ignored;
}

static void exit_from_thread(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, end_in_thread, NULL) == 0);
  for (;;) pause();
}

/* Whoever ends the process while another already does must not cut its report off. */
static atomic_int ready;
static void* end_with_the_others(void* ignored) {
  ++ready;
  while (ready < 5) {
  }
  _exit(6);
  return ignored;
}

static void end_from_all_threads(void) {
  for (size_t i = 0; i < 20000; ++i) leak(16, "one of many");
  pthread_t threads[4];
  for (size_t i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, end_with_the_others, NULL) == 0);
  end_with_the_others(NULL);
}

static void* released_late;
static void* released_latest;
static void release_late(void) { AR__HEAP__FREE(released_late); }
__attribute__((destructor)) static void release_latest(void) { free(released_latest); }

static void release_at_exit(void) {
  released_latest = AR__HEAP__MALLOC(100, "released by a destructor");
  released_late = AR__HEAP__MALLOC(100, "released by an exit handler");
  CHECK(atexit(release_late) == 0);
}

/* The command that names functions is a child that nobody sees. */
static atomic_int children_ended;
static void on_child(int signal_number) {
  (void)signal_number;
  ++children_ended;
}
static atomic_bool reported;
static void* reap_all(void* ignored) {
  while (!reported) {
    const pid_t reaped = waitpid(-1, NULL, WNOHANG);
    CHECK(reaped == -1 && errno == ECHILD);
  }
  return ignored;
}
/* Of a sigset_t the C library fills only as many bytes as there are signals; the rest is indeterminate. */
static bool same_signals(const sigset_t* one, const sigset_t* other) {
  for (int number = 1; number < NSIG; ++number) {
    if (sigismember(one, number) != sigismember(other, number)) return false;
  }
  return true;
}
static void nobody_sees_a_child(void) {
  struct sigaction action = {.sa_handler = on_child};
  CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, reap_all, NULL) == 0);
  kept = malloc(10);
  leak(100, "here");
  sigset_t before;
  CHECK(sigprocmask(SIG_SETMASK, NULL, &before) == 0);
  ar_heap__memory_report();
  sigset_t after;
  CHECK(sigprocmask(SIG_SETMASK, NULL, &after) == 0);
  CHECK(same_signals(&before, &after));
  reported = true;
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(children_ended == 0);
}

/* The same while the program ignores SIGCHLD. */
static void ignored_children(void) {
  CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
  kept = malloc(10);
  leak(100, "here");
}

/* No memory for the list of leaks: they are there all the same. */
static void no_memory(void) {
  for (size_t i = 0; i < 100000; ++i) leak(16, "one of many");
  leak(16, AR_HEAP_INTENTIONAL_LEAK);
  const struct rlimit none = {1 << 20, 1 << 20};
  CHECK(setrlimit(RLIMIT_AS, &none) == 0);
}

/* Writing beyond the limit raises SIGXFSZ, which must not become the program's end. */
static void no_room(void) {
  for (size_t i = 0; i < 100; ++i) leak(16, "one of many");
  const struct rlimit small = {1000, 1000};
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
}

static void no_descriptors(void) {
  leak(100, "here");
  const struct rlimit none = {3, 3};
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } scenarios[] = {{"fork_and_leak", fork_and_leak},
                   {"fork_and_release", fork_and_release},
                   {"fork_and_do_nothing", fork_and_do_nothing},
                   {"vfork_and_fail", vfork_and_fail},
                   {"change_directory", change_directory},
                   {"clear_environment", clear_environment},
                   {"close_everything", close_everything},
                   {"close_output", close_output},
                   {"strict_mask", strict_mask},
                   {"end_at_once", end_at_once},
                   {"end_quickly", end_quickly},
                   {"exit_from_thread", exit_from_thread},
                   {"end_from_all_threads", end_from_all_threads},
                   {"release_at_exit", release_at_exit},
                   {"nobody_sees_a_child", nobody_sees_a_child},
                   {"ignored_children", ignored_children},
                   {"no_memory", no_memory},
                   {"no_room", no_room},
                   {"no_descriptors", no_descriptors}};
  setvbuf(stdout, NULL, _IONBF, 0);
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; ++i) {
    if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
      scenarios[i].run();
      return 0;
    }
  }
  fprintf(stderr, "ar_heap_processes: unknown scenario\n");
  return 2;
}
