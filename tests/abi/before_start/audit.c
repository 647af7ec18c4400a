/* An auditor of the loader's (LD_AUDIT): allocates, frees, forks and, with AUDIT=exec, becomes another
   program before anything else is loaded. */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void* kept;

static void use_memory(void) {
  kept = realloc(kept, 500);
  free(malloc(5000));
}

unsigned int la_version(unsigned int version) {
  use_memory();
  const char* how = getenv("AUDIT");
  if (how != NULL && strcmp(how, "exec") == 0) {
    unsetenv("LD_AUDIT");
    execl("./program", "./program", "final", (char*)NULL);
  }
  return version;
}

unsigned int la_objopen(struct link_map* map, Lmid_t where, uintptr_t* cookie) {
  (void)map, (void)where, (void)cookie;
  use_memory();
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(Elf64_Sym* symbol, unsigned number, uintptr_t* from, uintptr_t* to, unsigned* flags,
                       const char* name) {
  (void)number, (void)from, (void)to, (void)flags, (void)name;
  use_memory();
  return symbol->st_value;
}

unsigned int la_objclose(uintptr_t* cookie) {
  (void)cookie;
  use_memory();
  return 0;
}

void la_preinit(uintptr_t* cookie) {
  (void)cookie;
  pid_t child = fork();
  if (child == 0) {
    use_memory();
    _exit(3);
  }
  int status = 0;
  waitpid(child, &status, 0);
}
