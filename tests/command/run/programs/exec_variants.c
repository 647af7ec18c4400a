/* exec_variants HOW WHERE VARIABLES [PRELOAD]: becomes or starts the program that says what it was given,
   with so many variables more, and LD_PRELOAD set to PRELOAD. HOW: execve execv execvp execvpe fexecve
   execveat execl execlp execle null posix_spawn posix_spawnp vfork WHERE: stack  the first thread; thread  a
   thread with 64 KiB of stack; handler  an alternate stack of 16 KiB */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static const char* how;
static char* self;
static int file;
static char** variables;

static uint64_t hash_of(uint64_t hash, const char* text) {
  do {
    hash = (hash ^ (unsigned char)*text) * 1099511628211U;
  } while (*text++ != '\0');
  return hash;
}

static int say_what_was_given(int count, char** arguments) {
  *(volatile char*)malloc(4321) = 1; /* lost */
  uint64_t all = 14695981039346656037U;
  uint64_t others = all;
  unsigned entries = 0;
  for (char** entry = environ; *entry != NULL; ++entry, ++entries) {
    all = hash_of(all, *entry);
    if (strncmp(*entry, "ARPENT_", 7) != 0 && strncmp(*entry, "LD_PRELOAD=", 11) != 0) {
      others = hash_of(others, *entry);
    }
  }
  uint64_t given = 0;
  for (int i = 0; i < count; ++i) {
    given = hash_of(given, arguments[i]);
  }
  const char* preload = getenv("LD_PRELOAD");
  printf("%d arguments %llx; others %llx\n%u variables %llx; preload %s\n", count, (unsigned long long)given,
         (unsigned long long)others, entries, (unsigned long long)all, preload == NULL ? "none" : preload);
  return 7;
}

static void become(void) {
  char* list[] = {self, "final", "second", NULL};
  if (strcmp(how, "execve") == 0) execve(self, list, variables);
  if (strcmp(how, "execv") == 0) execv(self, list);
  if (strcmp(how, "execvp") == 0) execvp(self, list);
  if (strcmp(how, "execvpe") == 0) execvpe(self, list, variables);
  if (strcmp(how, "fexecve") == 0) fexecve(file, list, variables);
  if (strcmp(how, "execveat") == 0) execveat(file, "", list, variables, AT_EMPTY_PATH);
  if (strcmp(how, "execl") == 0) execl(self, self, "final", "second", (char*)NULL);
  if (strcmp(how, "execlp") == 0) execlp(self, self, "final", "second", (char*)NULL);
  if (strcmp(how, "execle") == 0) execle(self, self, "final", "second", (char*)NULL, variables);
  if (strcmp(how, "null") == 0) execve(self, list, NULL);
  _exit(99);
}

static int status_of(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int start(void) {
  char* list[] = {self, "final", "second", NULL};
  pid_t child = 0;
  if (strcmp(how, "posix_spawn") == 0 && posix_spawn(&child, self, NULL, NULL, list, variables) == 0) {
    return status_of(child);
  }
  if (strcmp(how, "posix_spawnp") == 0 && posix_spawnp(&child, self, NULL, NULL, list, variables) == 0) {
    return status_of(child);
  }
  if (strcmp(how, "vfork") == 0) {
    long before = 0;
    for (int i = 0; i < 40; ++i) { /* what a child leaves behind does not add up */
      child = vfork();
      if (child == 0) {
        execve(i % 2 == 0 ? "/no/such/program" : i == 39 ? self : "/bin/true", list, variables);
        _exit(97);
      }
      int status = status_of(child);
      if (i == 39) {
        return status;
      }
      if (status != (i % 2 == 0 ? 97 : 0)) {
        return 96;
      }
      FILE* statm = fopen("/proc/self/statm", "r");
      long pages = 0;
      if (statm == NULL || fscanf(statm, "%ld", &pages) != 1) {
        return 95;
      }
      fclose(statm);
      before = i < 4 ? pages : before;
      if (pages > before + 16) {
        return 94;
      }
    }
  }
  become();
  return 99;
}

static void* in_thread(void* unused) {
  exit(start());
  return unused;
}

static void in_handler(int signal) {
  (void)signal;
  _exit(start());
}

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "final") == 0) {
    return say_what_was_given(count, arguments);
  }
  how = arguments[1];
  self = realpath("/proc/self/exe", NULL);
  file = open(self, O_RDONLY | O_CLOEXEC);
  char name[32];
  for (int i = 0; i < atoi(arguments[3]); ++i) {
    snprintf(name, sizeof name, "EXEC_VARIABLE_%d", i);
    setenv(name, "1", 1);
  }
  if (count > 4) {
    setenv("LD_PRELOAD", arguments[4], 1);
  }
  variables = environ;
  if (strcmp(arguments[2], "thread") == 0) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_t thread;
    pthread_create(&thread, &small, in_thread, NULL);
    pthread_join(thread, NULL);
  }
  if (strcmp(arguments[2], "handler") == 0) {
    stack_t stack;
    memset(&stack, 0, sizeof stack);
    stack.ss_size = 16384;
    stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = in_handler;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
  }
  return start();
}
