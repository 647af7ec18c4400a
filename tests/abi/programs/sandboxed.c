/* sandboxed HOW ACTION END: enters a sandbox that allows what malloc of the C library needs, and allocates
   there. HOW: prctl  syscall  threads, which also allows what starting threads takes ACTION: kill  refuse
   END: return  _exit  quick_exit */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_rseq
#define SYS_rseq 334
#endif

static const long for_malloc[] = {SYS_brk,      SYS_mmap,      SYS_munmap, SYS_mremap,
                                  SYS_mprotect, SYS_getrandom, SYS_write,  SYS_exit_group};
static const long for_threads[] = {SYS_clone3, SYS_clone,          SYS_futex,
                                   SYS_exit,   SYS_rt_sigprocmask, SYS_set_robust_list,
                                   SYS_rseq,   SYS_madvise,        SYS_rt_sigaction};

static int enter(const char* how, const char* action) {
  struct sock_filter filter[64];
  unsigned short length = 0;
  filter[length++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof for_malloc / sizeof *for_malloc; ++i) {
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)for_malloc[i], 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  for (size_t i = 0; strcmp(how, "threads") == 0 && i < sizeof for_threads / sizeof *for_threads; ++i) {
    filter[length++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)for_threads[i], 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  unsigned otherwise = strcmp(action, "kill") == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
  struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return -1;
  }
  /* What cannot be installed changes nothing. */
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != -1 || errno != EFAULT) {
    return -1;
  }
  return strcmp(how, "prctl") == 0 ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
                                   : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static void* allocate_deeper(size_t size, unsigned levels) {
  char* block = levels == 0 ? malloc(size) : allocate_deeper(size, levels - 1);
  if (block != NULL) {
    memset(block, 1, size);
  }
  return block;
}

static void* allocate(void* unused) {
  void* blocks[64] = {0};
  for (unsigned i = 0; i < 6000; ++i) {
    free(blocks[i % 64]);
    blocks[i % 64] = allocate_deeper(i % 500 == 0 ? 3000000 : i % 100 == 0 ? 100000 : i % 3000, i % 40);
    if (blocks[i % 64] == NULL) {
      _exit(4);
    }
    if (i % 7 == 0) {
      blocks[i % 64] = realloc(blocks[i % 64], i % 10 == 0 ? 5000000 : i % 4000 + 1);
    }
  }
  for (unsigned i = 0; i < 64; ++i) {
    free(blocks[i]);
  }
  return unused;
}

int main(int count, char** arguments) {
  if (count != 4 || enter(arguments[1], arguments[2]) != 0) {
    return 3;
  }
  allocate(NULL);
  *(volatile char*)malloc(12345) = 1; /* site: kept */
  if (strcmp(arguments[1], "threads") == 0) {
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i) {
      if (pthread_create(&threads[i], NULL, allocate, NULL) != 0) {
        return 5;
      }
    }
    for (int i = 0; i < 3; ++i) {
      pthread_join(threads[i], NULL);
    }
  }
  if (write(1, "worked\n", 7) != 7) {
    return 6;
  }
  if (strcmp(arguments[3], "_exit") == 0) {
    _exit(0);
  }
  if (strcmp(arguments[3], "quick_exit") == 0) {
    quick_exit(0);
  }
  return 0;
}
