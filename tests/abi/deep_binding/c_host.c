/* c_host MAKER DROPPER: a program without a C++ runtime, which the plug-ins bring. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** arguments) {
  if (count < 3) return 2;
  void* const maker = dlopen(arguments[1], RTLD_NOW | RTLD_DEEPBIND);
  void* const dropper = dlopen(arguments[2], RTLD_NOW | RTLD_DEEPBIND);
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
