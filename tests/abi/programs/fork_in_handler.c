/* Allocates in a loop that a timer's handler interrupts to fork.
   fork_in_handler HOW COUNT: forks so often, then says how many children ended as they should.
   exit     the child ends in the handler
   exec     the child replaces itself in the handler, by a program that exits with 7
   returns  the child returns from the handler, goes on allocating, starts a thread, and exits with 7
   nests    as returns, and the handler may interrupt itself
   threads  as returns, with two more threads that allocate and are interrupted, too */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { slots = 200, rounds_of_child = 20000 };

static const char* how;
static int wanted;
static volatile int forked, good, bad;
static volatile sig_atomic_t in_child;
static _Thread_local volatile int depth;

static void* allocate_deeper(size_t size, unsigned levels) {
  char* block = levels == 0 ? malloc(size) : allocate_deeper(size, levels - 1);
  if (block == NULL) {
    _exit(8);
  }
  return block;
}

/* Small blocks, spans and mappings, from many stacks. */
static void allocate_for_a_while(int rounds) {
  char* block[slots] = {0};
  unsigned random = 1;
  while (rounds != 0 && !(rounds < 0 && (in_child || __atomic_load_n(&forked, __ATOMIC_RELAXED) >= wanted))) {
    random = random * 1103515245 + 12345;
    unsigned slot = (random >> 8) % slots;
    size_t size = (random >> 16) % 997 == 0  ? 2000000
                  : (random >> 16) % 50 == 0 ? 70000
                                             : (random >> 16) % 2000;
    if (block[slot] != NULL && block[slot][0] != (char)slot) {
      _exit(9);
    }
    free(block[slot]);
    block[slot] = allocate_deeper(size + 1, random % 17);
    block[slot][0] = (char)slot;
    rounds -= rounds > 0;
  }
  for (unsigned slot = 0; slot < slots; ++slot) {
    free(block[slot]);
  }
}

static void* in_thread_of_child(void* unused) {
  allocate_for_a_while(rounds_of_child / 10);
  return unused;
}

static void handle(int signal) {
  (void)signal;
  if (in_child || depth == 3 || __atomic_load_n(&forked, __ATOMIC_RELAXED) >= wanted) {
    return;
  }
  ++depth;
  pid_t child = fork();
  if (child == 0) {
    if (strcmp(how, "exit") == 0) {
      _exit(7);
    }
    if (strcmp(how, "exec") == 0) {
      execl("/bin/sh", "sh", "-c", "exit 7", (char*)NULL);
      _exit(6);
    }
    in_child = 1;
    --depth;
    return;
  }
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR && !in_child);
  if (in_child) { /* a nested handler's child, in which this one goes on */
    --depth;
    return;
  }
  if (child > 0 && ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 7) {
    __atomic_add_fetch(&good, 1, __ATOMIC_RELAXED);
  } else {
    fprintf(stderr, "child %d (%d): status %x, error %d\n", (int)child, (int)ended, (unsigned)status, errno);
    __atomic_add_fetch(&bad, 1, __ATOMIC_RELAXED);
  }
  __atomic_add_fetch(&forked, 1, __ATOMIC_RELAXED);
  --depth;
}

/* In the thread that forked, which is the child's only one. */
static void end_child(void) {
  struct itimerval none = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &none, NULL);
  allocate_for_a_while(rounds_of_child);
  pthread_t thread;
  if (pthread_create(&thread, NULL, in_thread_of_child, NULL) != 0 || pthread_join(thread, NULL) != 0) {
    _exit(5);
  }
  exit(7);
}

static void* in_forking_thread(void* unused) {
  allocate_for_a_while(-1);
  if (in_child) {
    end_child();
  }
  return unused;
}

int main(int count, char** arguments) {
  if (count != 3) {
    return 2;
  }
  how = arguments[1];
  wanted = atoi(arguments[2]);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART | (strcmp(how, "nests") == 0 ? SA_NODEFER : 0);
  sigaction(SIGALRM, &action, NULL);
  struct itimerval often = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &often, NULL);
  pthread_t threads[2];
  int thread_count = strcmp(how, "threads") == 0 ? 2 : 0;
  for (int i = 0; i < thread_count; ++i) {
    if (pthread_create(&threads[i], NULL, in_forking_thread, NULL) != 0) {
      return 3;
    }
  }
  if (thread_count != 0) {
    /* The timer interrupts the first thread, more often than not. */
    while (!in_child && __atomic_load_n(&forked, __ATOMIC_RELAXED) < wanted) {
      allocate_for_a_while(500);
      if (!in_child) {
        pthread_kill(threads[0], SIGALRM);
      }
    }
  }
  in_forking_thread(NULL);
  struct itimerval none = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &none, NULL);
  for (int i = 0; i < thread_count; ++i) {
    pthread_join(threads[i], NULL);
  }
  printf("%d good, %d bad\n", good, bad);
  return bad != 0;
}
