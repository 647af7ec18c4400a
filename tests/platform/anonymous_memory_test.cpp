// Tests src/platform/anonymous_memory.hpp src/platform/anonymous_memory.cpp
#include "platform/anonymous_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/pages.hpp"

namespace ar::platform {
namespace {

std::uintptr_t address_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

TEST(AnonymousMemory, IsNeitherTheStackNorTheProgram) {
  auto* const memory = static_cast<char*>(map_pages(3 * page_size));
  ASSERT_NE(memory, nullptr);
  munmap(memory + page_size, page_size);
  EXPECT_TRUE(is_anonymous_memory(address_of(memory)));
  EXPECT_FALSE(is_anonymous_memory(address_of(memory + page_size)));
  EXPECT_TRUE(is_anonymous_memory(address_of(memory + 2 * page_size)));
  EXPECT_TRUE(is_anonymous_memory(address_of(sbrk(page_size))));
  // Not a variable's address: AddressSanitizer may keep it elsewhere.
  EXPECT_FALSE(is_anonymous_memory(address_of(__builtin_frame_address(0))));
  EXPECT_FALSE(is_anonymous_memory(address_of("a text of the program")));
  EXPECT_FALSE(is_anonymous_memory(0));
}

// Ends the process once its first thread has ended.
void* look_alone(void* memory) {
  for (char byte = 0;; usleep(1000)) {
    const int file = open("/proc/self/maps", O_RDONLY);
    const bool is_alone = file < 0 || read(file, &byte, 1) <= 0;
    close(file);
    if (is_alone) {
      _exit(is_anonymous_memory(address_of(memory)) ? 0 : 1);
    }
  }
}

TEST(AnonymousMemory, IsKnownAfterTheFirstThreadHasEnded) {
  void* const memory = map_pages(page_size);
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, nullptr, look_alone, memory);
    syscall(SYS_exit, 0);  // pthread_exit would unwind through the test's handlers
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace ar::platform
