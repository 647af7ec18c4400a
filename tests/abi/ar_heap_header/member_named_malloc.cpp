// A class that has members of the same names must still reach the C library's.
#include <ar_heap.h>

struct Pool {
  static void* malloc(std::size_t) { return nullptr; }
  static void free(void*) {}
  static char* strdup(const char*) { return nullptr; }
  static bool works() {
    void* block = AR__HEAP__MALLOC(10, [] { return "a lambda"; }());
    char* copy = AR__HEAP__STRDUP("copy", nullptr);
    const bool reached = block != nullptr && copy != nullptr;
    AR__HEAP__FREE(block);
    AR__HEAP__FREE(copy);
    return reached;
  }
};

int main() { return Pool::works() ? 0 : 1; }
