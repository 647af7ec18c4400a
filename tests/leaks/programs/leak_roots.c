/* Blocks that are held in every place where a program can hold one, and blocks that nothing holds. At its end
 * leak_roots.py knows of each site whether its blocks are lost. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page = 4096, mapping_size = 4 * page, far_below_bytes = 256 << 10 };

struct link {
  struct link* next;
  char room[40];
};

static void* global;
static void* inside;
static void* past_the_end;
static char packed[64];
static uintptr_t masked;
static void** large;
static void** freed;
static struct link* chain;
static void* empty;
static void** anonymous;
static void** sealed;
static void** shared_memory;
static __thread void* own_variable;
static __thread void* threads_variable;
static pthread_key_t first_key;
static pthread_key_t late_key;
static sem_t ready;
static sem_t never;

static void* map(int flags) {
  void* memory = mmap(NULL, mapping_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
  if (memory == MAP_FAILED) {
    _exit(70);
  }
  return memory;
}

/* Only the kernel knows of the block afterwards. */
static void set_signal_stack(void* (*allocate)(void)) {
  volatile stack_t stack = {.ss_sp = allocate(), .ss_size = 32768};
  sigaltstack((stack_t*)&stack, NULL);
  stack.ss_sp = NULL;
}

static void* allocate_own_signal_stack(void) { return malloc(32868); } /* site: own signal stack */

static void* allocate_threads_signal_stack(void) {
  return malloc(32869); /* site: live thread's signal stack */
}

static void hold_in_variables(void) {
  set_signal_stack(allocate_own_signal_stack);
  global = malloc(101);                        /* site: global */
  own_variable = malloc(102);                  /* site: own thread variable */
  inside = (char*)malloc(103) + 50;            /* site: interior pointer */
  empty = malloc(0);                           /* site: empty block */
  pthread_setspecific(first_key, malloc(104)); /* site: first key */
  pthread_setspecific(late_key, malloc(105));  /* site: late key */
}

static void hold_in_mappings(void) {
  anonymous = map(MAP_PRIVATE);
  anonymous[page / sizeof(void*)] = malloc(111); /* site: anonymous mapping */
  sealed = map(MAP_PRIVATE);
  sealed[7] = malloc(112); /* site: read-only mapping */
  mprotect(sealed, mapping_size, PROT_READ);
  shared_memory = map(MAP_SHARED);
  shared_memory[3] = malloc(113); /* site: shared mapping */
}

static void hold_in_blocks(void) {
  for (int i = 0; i < 1000; ++i) {
    struct link* link = malloc(sizeof *link); /* site: chain */
    link->next = chain;
    chain = link;
  }
  large = malloc(1 << 20);     /* site: large block */
  large[100000] = malloc(121); /* site: held by the large block */
}

static void lose(void) {
  free(malloc(1));
  (void)!malloc(131);                            /* site: dropped */
  past_the_end = (char*)malloc(128) + 128;       /* site: one past the end */
  masked = (uintptr_t)malloc(133) ^ UINTPTR_MAX; /* site: masked pointer */
  void* unaligned = malloc(134);                 /* site: unaligned pointer */
  memcpy(packed + 1, &unaligned, sizeof unaligned);

  struct link* head = malloc(sizeof *head);   /* site: lost head */
  head->next = malloc(sizeof *head);          /* site: lost by the lost head */
  struct link* one = malloc(sizeof *one);     /* site: cycle */
  struct link* other = malloc(sizeof *other); /* site: cycle back */
  one->next = other;
  other->next = one;

  freed = malloc(4000);
  freed[300] = malloc(135); /* site: held by a freed block */
  free(freed);

  void** gone = map(MAP_PRIVATE);
  gone[1] = malloc(136); /* site: held by an unmapped page */
  munmap(gone, mapping_size);
}

static void leave_in_dead_frame(void) {
  void* volatile local[64];
  for (int i = 0; i < 64; ++i) {
    local[i] = malloc(141); /* site: dead frame */
  }
  (void)local[0];
}

/* Frames of what it calls lie where no later call comes, so that what they leave is dead at the end. */
static void far_down(void (*function)(void)) {
  volatile char room[far_below_bytes];
  room[0] = room[far_below_bytes - 1] = 0;
  function();
}

static void allocate_for_thread(void** kept) {
  set_signal_stack(allocate_threads_signal_stack);
  kept[0] = malloc(151);          /* site: live thread's stack */
  threads_variable = malloc(152); /* site: live thread's variable */
}

/* The stack of the thread, where only its own frame holds the block. */
static void* hold_on_stack(void* unused) {
  (void)unused;
  void* volatile kept[1];
  allocate_for_thread((void**)kept);
  sem_post(&ready);
  sem_wait(&never);
  return (void*)kept[0];
}

static uintptr_t allocate_masked(void) {
  return (uintptr_t)malloc(153) ^ UINTPTR_MAX; /* site: live thread's register */
}

/* A register of the thread, and no memory. */
static void* hold_in_register(void* held) {
  uintptr_t hidden = allocate_masked();
#if defined(__x86_64__)
  __asm__ volatile(
      "mov %0, %%r13\n\tnot %%r13\n\txor %%eax, %%eax\n\tmovl $1, %1\n"
      "0:\tpause\n\tjmp 0b"
      :
      : "r"(hidden), "m"(*(int*)held)
      : "r13", "rax", "memory");
#elif defined(__aarch64__)
  __asm__ volatile("mvn x21, %0\n\tmov w9, #1\n\tstr w9, %1\n0:\tyield\n\tb 0b"
                   :
                   : "r"(hidden), "m"(*(int*)held)
                   : "x21", "x9", "memory");
#endif
  return NULL;
}

static void leave_in_dead_thread(void) {
  void* volatile local[16];
  for (int i = 0; i < 16; ++i) {
    local[i] = malloc(161); /* site: dead thread's stack */
  }
  (void)local[0];
  threads_variable = malloc(162); /* site: dead thread's variable */
}

static void* end_at_once(void* unused) {
  leave_in_dead_thread();
  return unused;
}

static void start_threads(volatile int* held) {
  pthread_t thread;
  pthread_t dead[3];
  sem_init(&ready, 0, 0);
  sem_init(&never, 0, 0);
  /* The dead ones live at the same time, so that none takes the stack of another, nor the live ones theirs.
   */
  pthread_create(&thread, NULL, hold_on_stack, NULL);
  pthread_create(&thread, NULL, hold_in_register, (void*)held);
  sem_wait(&ready);
  while (!*held) {
    usleep(1000);
  }
  for (int i = 0; i < 3; ++i) {
    pthread_create(&dead[i], NULL, end_at_once, NULL);
  }
  for (int i = 0; i < 3; ++i) {
    pthread_join(dead[i], NULL);
  }
}

static void on_own_stack(void* volatile* kept) {
  void* block = malloc(171); /* site: own stack */
  *kept = block;
}

int main(void) {
  void* volatile kept;
  volatile int held = 0;
  pthread_key_create(&first_key, NULL);
  for (int i = 0; i < 100; ++i) {
    pthread_key_create(&late_key, NULL);
  }
  on_own_stack(&kept);
  far_down(hold_in_variables);
  far_down(hold_in_mappings);
  far_down(hold_in_blocks);
  far_down(lose);
  far_down(leave_in_dead_frame);
  start_threads(&held);
  exit(kept == NULL); /* from here, so that this frame is alive at the end */
}
