// host FILE [MODES…]: opens the plugin in the modes (deep, lazy) and exchanges memory with it, then says
// whose name the plugin sees.
#include <dlfcn.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" const char* shared_name() { return "the host's"; }

static void* plugin = nullptr;

template <typename Function>
static Function* find(const char* name) {
  void* const found = dlsym(plugin, name);
  if (found == nullptr) {
    std::printf("%s is not there\n", name);
    std::exit(3);
  }
  return reinterpret_cast<Function*>(found);
}

int main(int count, char** arguments) {
  int mode = 0;
  for (int i = 2; i < count; ++i) {
    mode |= std::strcmp(arguments[i], "deep") == 0 ? RTLD_DEEPBIND : RTLD_LAZY;
  }
  plugin = dlopen(arguments[1], (mode & RTLD_LAZY) != 0 ? mode : mode | RTLD_NOW);
  if (plugin == nullptr) {
    std::printf("%s\n", dlerror());
    return 4;
  }
  for (int i = 0; i < 100; ++i) {
    char* text = find<char*()>("make")();
    text = static_cast<char*>(realloc(text, 1000));
    text = static_cast<char*>(find<void*(void*, std::size_t)>("grow")(text, 100000));
    if (std::strcmp(text, "made in the plugin") != 0 || find<std::size_t(void*)>("size_of")(text) < 100000) {
      return 5;
    }
    (i % 2 == 0 ? free : find<void(void*)>("drop"))(text);
    find<void(void*)>("drop")(malloc(100));
    find<void(void*)>("drop")(std::calloc(10, 100000));
    find<void(char*)>("drop_text")(strdup("of the host"));
    free(find<void*(std::size_t)>("aligned")(10));
    std::string* const string = find<std::string*()>("make_string")();
    if (i % 2 == 0) {
      delete string;
    } else {
      find<void(std::string*)>("drop_string")(string);
    }
    find<void(std::string*)>("drop_string")(new std::string(200, 'y'));
  }
  void* early = find<void*()>("take_early")();
  void* const zeroed = find<void*()>("take_early_zeroed")();
  if (malloc_usable_size(zeroed) < 900) {
    return 6;
  }
  early = realloc(early, 50000);
  free(early);
  free(zeroed);
  find<void*()>("leak")();
  std::printf("%s\n", find<const char*()>("which_name")());
  return 0;
}
