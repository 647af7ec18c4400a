// A plugin that passes memory to and from its host. It defines `shared_name`, as the host does.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <string>

#ifdef WITH_DEPENDENCY
extern "C" char* dependency_copy(const char* text);
extern "C" void dependency_free(char* text);
#else
static char* dependency_copy(const char* text) { return strdup(text); }
static void dependency_free(char* text) { free(text); }
#endif

extern "C" {
const char* shared_name() { return "the plugin's"; }
const char* which_name() { return shared_name(); }

#ifdef WITH_CONSTRUCTOR
static void* early = nullptr;
static void* early_zeroed = nullptr;
[[gnu::constructor]] static void begin() {
  early = malloc(5000);
  early_zeroed = calloc(3, 300);
  free(malloc(10));
}
#else
static void* early = malloc(5000);
static void* early_zeroed = calloc(3, 300);
#endif

void* take_early() {
  void* taken = early;
  early = nullptr;
  return taken;
}
void* take_early_zeroed() { return early_zeroed; }

char* make() { return dependency_copy("made in the plugin"); }
void drop(void* block) { free(block); }
void drop_text(char* text) { dependency_free(text); }
void* grow(void* block, std::size_t size) { return realloc(block, size); }
void* aligned(std::size_t size) {
  void* block = nullptr;
  return posix_memalign(&block, 256, size) == 0 ? block : nullptr;
}
std::size_t size_of(void* block) { return malloc_usable_size(block); }
std::string* make_string() { return new std::string(100, 'x'); }
void drop_string(std::string* text) { delete text; }
void* leak() { return malloc(7777); }  // site: leak
}
