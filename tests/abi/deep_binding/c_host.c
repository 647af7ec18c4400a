/* c_host MAKER DROPPER [base]: a program without a C++ runtime, which the plug-ins bring. base: opens them by
   dlmopen, in its own namespace. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

static void* open_deeply(const char* file, int with_dlmopen) {
  const int mode = RTLD_NOW | RTLD_DEEPBIND;
  return with_dlmopen ? dlmopen(LM_ID_BASE, file, mode) : dlopen(file, mode);
}

int main(int count, char** arguments) {
  if (count < 3) return 2;
  void* const maker = open_deeply(arguments[1], count > 3);
  void* const dropper = open_deeply(arguments[2], count > 3);
  if (maker == NULL || dropper == NULL) {
    puts(dlerror());
    return 3;
  }
  void* (*const make)(void) = (void* (*)(void))dlsym(maker, "make_string");
  void (*const drop)(void*) = (void (*)(void*))dlsym(dropper, "drop_string");
  void* (*const make_too)(void) = (void* (*)(void))dlsym(dropper, "make_string");
  void (*const drop_too)(void*) = (void (*)(void*))dlsym(maker, "drop_string");
  for (int i = 0; i < 10; ++i) {
    drop(make());
    drop_too(make_too());
  }
  return 0;
}
