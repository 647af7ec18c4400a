// Every C++ allocator by number, its four functions with C linkage, so that Zig can make std.mem.Allocators
// of them. What an allocator stands on ends with the process.
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/failing_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>
#include <arpent/heap_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/logging_allocator.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/pmr.hpp>
#include <arpent/stack_fallback_allocator.hpp>
#include <arpent/testing.hpp>
#include <arpent/thread_safe_allocator.hpp>
#include <array>
#include <cstddef>
#include <cstdio>
#include <memory_resource>
#include <span>

namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

// The object, which its Allocator refers to; never destroyed, as tests of Zig end without destructors.
template <class Class, class... Arguments>
Class& kept(Arguments&&... arguments) {
  return *new Class(std::forward<Arguments>(arguments)...);
}

std::span<std::byte> buffer() { return ar::page_allocator.alloc<std::byte>(256 * mib).value(); }

struct Exported {
  const char* name;
  ar::Allocator allocator;
};

const auto& exported() {
  static const std::array all{
      Exported{"page_allocator", ar::page_allocator},
      Exported{"c_allocator", ar::c_allocator},
      Exported{"heap_allocator", ar::heap_allocator},
      Exported{"GeneralPurposeAllocator", kept<ar::GeneralPurposeAllocator<>>().allocator()},
      Exported{"GeneralPurposeAllocator without safety",
               kept<ar::GeneralPurposeAllocator<{.safety = false}>>().allocator()},
      Exported{"ArenaAllocator", kept<ar::ArenaAllocator>(ar::page_allocator).allocator()},
      Exported{"FixedBufferAllocator", kept<ar::FixedBufferAllocator>(buffer()).allocator()},
      Exported{"FixedBufferAllocator for threads",
               kept<ar::FixedBufferAllocator>(buffer()).thread_safe_allocator()},
      Exported{"StackFallbackAllocator",
               kept<ar::StackFallbackAllocator<8192>>(ar::testing::allocator()).allocator()},
      Exported{"ThreadSafeAllocator",
               kept<ar::ThreadSafeAllocator>(kept<ar::ArenaAllocator>(ar::page_allocator).allocator())
                   .allocator()},
      Exported{
          "LoggingAllocator",
          kept<ar::LoggingAllocator>(ar::testing::allocator(), std::fopen("/dev/null", "w")).allocator()},
      Exported{"LimitAllocator",
               kept<ar::LimitAllocator>(ar::testing::allocator(), std::size_t{96 * mib}).allocator()},
      Exported{"NamedAllocator", kept<ar::NamedAllocator>(ar::testing::allocator(), "Zig's").allocator()},
      Exported{"FailingAllocator",
               kept<ar::FailingAllocator>(ar::testing::allocator(), ar::FailingOptions{.refuse_growth = true})
                   .allocator()},
      Exported{"testing::allocator", ar::testing::allocator()},
      Exported{"from_pmr", ar::from_pmr(kept<std::pmr::synchronized_pool_resource>())},
  };
  return all;
}

const ar::Allocator& chosen(std::size_t number) { return exported()[number].allocator; }

}  // namespace

extern "C" {

std::size_t exported_count() { return exported().size(); }
const char* exported_name(std::size_t number) { return exported()[number].name; }

void* exported_alloc(std::size_t number, std::size_t size, std::size_t alignment) {
  return chosen(number).raw_alloc(size, alignment, "asked for by Zig");
}
bool exported_resize(std::size_t number, void* block, std::size_t size, std::size_t alignment,
                     std::size_t new_size) {
  return chosen(number).raw_resize(block, size, alignment, new_size, "asked for by Zig");
}
void* exported_remap(std::size_t number, void* block, std::size_t size, std::size_t alignment,
                     std::size_t new_size) {
  return chosen(number).raw_remap(block, size, alignment, new_size, "asked for by Zig");
}
void exported_free(std::size_t number, void* block, std::size_t size, std::size_t alignment) {
  chosen(number).raw_free(block, size, alignment, "asked for by Zig");
}

// How many blocks of ar::testing::allocator() are alive, or were freed wrongly; told on standard error.
std::size_t exported_findings() {
  const auto findings = ar::testing::ledger().take_findings();
  for (const auto& finding : findings) {
    std::fprintf(stderr, "%s\n", finding.text.c_str());
  }
  return findings.size();
}
}
