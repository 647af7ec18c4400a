/* A library of the program's whose constructor does what the program's first argument says. With CHILD, in a
   child that it makes by fork; with VFORK, if that is an exec function, in one made by vfork. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static char* own_variables[] = {"OF_ITS_OWN=1", NULL};

static void lose(void) { *(volatile char*)malloc(77) = 1; }

/* Over what lose has left behind there. */
static void overwrite_stack(void) {
  volatile char room[32768];
  for (size_t i = 0; i < sizeof room; ++i) {
    room[i] = 0;
  }
}

static int status_of(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static void handle(int signal) { free(malloc(100 + (size_t)signal)); }

/* Returns if it does not end or replace the process. */
static void act(const char* how, char* self) {
  char* list[] = {self, "final", NULL};
  pid_t child = 0;
  if (strcmp(how, "execve") == 0) execve(self, list, own_variables);
  if (strcmp(how, "execv") == 0) execv(self, list);
  if (strcmp(how, "execvp") == 0) execvp(self, list);
  if (strcmp(how, "execvpe") == 0) execvpe(self, list, own_variables);
  if (strcmp(how, "fexecve") == 0) fexecve(open(self, O_RDONLY | O_CLOEXEC), list, own_variables);
  if (strcmp(how, "execveat") == 0) execveat(AT_FDCWD, self, list, own_variables, 0);
  if (strcmp(how, "execl") == 0) execl(self, self, "final", (char*)NULL);
  if (strcmp(how, "execlp") == 0) execlp(self, self, "final", (char*)NULL);
  if (strcmp(how, "execle") == 0) execle(self, self, "final", (char*)NULL, own_variables);
  if (strcmp(how, "posix_spawn") == 0 && posix_spawn(&child, self, NULL, NULL, list, own_variables) == 0) {
    printf("spawned: %d\n", status_of(child));
  }
  if (strcmp(how, "posix_spawnp") == 0 && posix_spawnp(&child, self, NULL, NULL, list, environ) == 0) {
    printf("spawned: %d\n", status_of(child));
  }
  if (strcmp(how, "system") == 0) printf("shell: %d\n", system("test -z \"$LD_PRELOAD\""));
  if (strcmp(how, "exit") == 0) exit(7);
  if (strcmp(how, "_exit") == 0) _exit(7);
  if (strcmp(how, "_Exit") == 0) _Exit(7);
  if (strcmp(how, "quick_exit") == 0) quick_exit(7);
  if (strcmp(how, "dlopen") == 0) {
    void* module = dlopen("libm.so.6", RTLD_NOW);
    printf("opened: %d\n", module != NULL && dlsym(module, "cos") != NULL && dlclose(module) == 0);
    module = dlopen("libm.so.6", RTLD_NOW | RTLD_DEEPBIND);
    printf("opened: %d\n", module != NULL && dlclose(module) == 0);
  }
  if (strcmp(how, "dlmopen") == 0) {
    void* module = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
    printf("opened: %d\n", module != NULL && dlclose(module) == 0);
  }
  if (strcmp(how, "signal") == 0) {
    signal(SIGUSR1, handle);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
  }
  if (strcmp(how, "environment") == 0) {
    for (char** each = environ; *each != NULL; ++each) {
      printf("%s\n",
             strncmp(*each, "ARPENT_", 7) == 0 || strncmp(*each, "LD_PRELOAD=", 11) == 0 ? *each : "");
    }
  }
}

__attribute__((constructor)) static void start(int count, char** arguments) {
  if (count < 4 || strcmp(arguments[1], "final") == 0) {
    return;
  }
  setvbuf(stdout, NULL, _IONBF, 0);
  if (strcmp(arguments[3], "blocks") == 0) {
    lose();
    overwrite_stack();
  }
  if (strcmp(arguments[2], "self") == 0) {
    act(arguments[1], arguments[0]);
    return;
  }
  const int by_vfork = strcmp(arguments[2], "vfork") == 0;
  const pid_t child = by_vfork ? vfork() : fork();
  if (child == 0) {
    act(arguments[1], arguments[0]);
    _exit(5);
  }
  printf("child: %d\n", status_of(child));
}
