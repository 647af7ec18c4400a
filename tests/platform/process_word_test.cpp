// Tests src/platform/process_word.hpp src/platform/process_word.cpp
#include "platform/process_word.hpp"

#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "platform/mappings.hpp"
#include "platform/memory_reader.hpp"
#include "platform/pages.hpp"

namespace ar::platform {
namespace {

int first;
int second;

// True if the child process that runs `check` finds all as it should be.
template <typename Check>
bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(check() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The page that the word lies in.
void* page_of_word() {
  struct Search {
    MemoryReader reader;
    void* page = nullptr;
  } search;
  const auto look = [](const Mapping& mapping, void* context) {
    auto& in = *static_cast<Search*>(context);
    std::uintptr_t words[2] = {};
    if (mapping.end - mapping.start == page_size &&
        in.reader.read(mapping.start, words, sizeof words) == sizeof words &&
        words[1] == reinterpret_cast<std::uintptr_t>(&first)) {
      in.page = reinterpret_cast<void*>(mapping.start);
    }
    return in.page == nullptr;
  };
  (void)for_each_mapping(look, &search);
  return search.page;
}

TEST(ProcessWord, KeepsItsFirstValue) {
  EXPECT_TRUE(holds_in_child([] {
    return process_word() == nullptr && claim_process_word(&first) == &first &&
           claim_process_word(&second) == &first && process_word() == &first;
  }));
}

TEST(ProcessWord, IsFoundAfterTheRandomBytesAreCleared) {
  EXPECT_TRUE(holds_in_child([] {
    if (claim_process_word(&first) != &first) {
      return false;
    }
    std::memset(reinterpret_cast<void*>(getauxval(AT_RANDOM)), 0, 16);
    return claim_process_word(&second) == &first && process_word() == &first;
  }));
}

TEST(ProcessWord, GoesElsewhereIfItsPageIsAnothers) {
  for (const int protection : {PROT_NONE, PROT_READ}) {
    EXPECT_TRUE(holds_in_child([&] {
      if (claim_process_word(&first) != &first) {
        return false;
      }
      void* const page = page_of_word();
      if (page == nullptr) {
        return false;
      }
      std::memset(page, 0x5a, page_size);
      return mprotect(page, page_size, protection) == 0 && process_word() == nullptr &&
             claim_process_word(&second) == &second && process_word() == &second &&
             claim_process_word(&first) == &second;
    })) << protection;
  }
}

}  // namespace
}  // namespace ar::platform
