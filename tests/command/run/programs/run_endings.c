/* run_endings WHAT [ARGUMENT]: ends, forks or changes in the ways that a survey must survive. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static void* kept;

static void keep_some(void) {
  kept = malloc(12345);
  void* temporary = malloc(10);
  free(temporary);
}

static void print_environment(void) {
  for (char** entry = environ; *entry != NULL; ++entry) {
    puts(*entry);
  }
}

static int on_signal_status;
static void on_signal(int signal) { on_signal_status = signal; }

static int fork_workers(int count) {
  for (int i = 0; i < count; ++i) {
    pid_t child = fork();
    if (child == 0) {
      for (int j = 0; j < 100; ++j) {
        kept = malloc(1000);
      }
      exit(0);
    }
  }
  int failures = 0;
  for (int i = 0; i < count; ++i) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) {
      ++failures;
    }
  }
  return failures;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const char* argument = argc > 2 ? argv[2] : "0";
  keep_some();
  if (strcmp(what, "exit") == 0) {
    exit(atoi(argument));
  }
  if (strcmp(what, "_exit") == 0) {
    _exit(atoi(argument));
  }
  if (strcmp(what, "quick_exit") == 0) {
    quick_exit(atoi(argument));
  }
  if (strcmp(what, "exit_group") == 0) {
    syscall(SYS_exit_group, atoi(argument));
  }
  if (strcmp(what, "abort") == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    abort();
  }
  if (strcmp(what, "signal") == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    raise(atoi(argument));
    pause();
  }
  if (strcmp(what, "wait_for_signal") == 0) { /* says so, exits with the signal's number + 40 */
    signal(atoi(argument), on_signal);
    puts("ready");
    fflush(stdout);
    while (on_signal_status == 0) {
      usleep(1000);
    }
    exit(on_signal_status + 40);
  }
  if (strcmp(what, "close_stderr") == 0) {
    close(2);
    return open("/dev/null", O_WRONLY) == 2 ? 0 : 1; /* and takes the number for something else */
  }
  if (strcmp(what, "change_directory") == 0) {
    return chdir("/") == 0 ? 0 : 1;
  }
  if (strcmp(what, "clear_environment") == 0) { /* then exec */
    clearenv();
    execl(argv[0], argv[0], "exit", "7", (char*)NULL);
    return 1;
  }
  if (strcmp(what, "exec_chain") == 0) {
    int left = atoi(argument);
    char next[16];
    snprintf(next, sizeof next, "%d", left - 1);
    execl(argv[0], argv[0], left > 1 ? "exec_chain" : "exit", left > 1 ? next : "5", (char*)NULL);
    return 1;
  }
  if (strcmp(what, "exec") == 0) {
    execvp(argv[2], argv + 2);
    return errno == ENOENT ? 127 : 126;
  }
  if (strcmp(what, "fork_workers") == 0) {
    return fork_workers(atoi(argument));
  }
  if (strcmp(what, "spawn") == 0) {
    return system(argument) == 0 ? 0 : 1;
  }
  if (strcmp(what, "environment") == 0) {
    print_environment();
    return 0;
  }
  fprintf(stderr, "run_endings: what is '%s'?\n", what);
  return 99;
}
