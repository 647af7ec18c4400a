// What the runtime keeps for itself, beside what the program keeps, some of it where only libc has the
// pointer.
#include <cstdio>
#include <cstdlib>
#include <cstring>

long* kept;

int main() {
  std::printf("libc gives standard output a buffer, libstdc++ has memory ready for exceptions\n");
  kept = new long{1};                                   // site: kept
  auto* setting = static_cast<char*>(std::malloc(32));  // site: given to libc
  if (setting == nullptr) {
    return 1;
  }
  std::strcpy(setting, "RUNTIME_MEMORY=on");
  return putenv(setting);
}
