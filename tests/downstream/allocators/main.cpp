// A user's program that takes the allocators and keeps its own malloc. It uses a bit of everything and must
// end with 0.
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/defer.hpp>
#include <arpent/failing_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/logging_allocator.hpp>
#include <arpent/memory_pool.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/owned.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/pmr.hpp>
#include <arpent/stack_fallback_allocator.hpp>
#include <arpent/std_allocator.hpp>
#include <arpent/testing.hpp>
#include <arpent/thread_safe_allocator.hpp>
#include <cstddef>
#include <expected>
#include <numeric>
#include <span>
#include <vector>

namespace {

std::expected<std::span<float>, ar::Error> smoothed(std::span<const float> input, ar::Allocator scratch,
                                                    ar::Allocator result) {
  const auto sums = scratch.alloc<float>(input.size() + 1, "partial sums");
  if (!sums) {
    return std::unexpected(sums.error());
  }
  (*sums)[0] = 0;
  std::inclusive_scan(input.begin(), input.end(), sums->begin() + 1);
  return result.dupe(std::span<const float>{*sums}.subspan(1), "smoothed");
}

}  // namespace

int main() {
  ar::LimitAllocator budget{ar::page_allocator, std::size_t{1} << 20U};
  ar::ArenaAllocator arena{budget.allocator()};
  std::byte buffer[1024];
  ar::FixedBufferAllocator fixed{buffer};
  ar::NamedAllocator named{ar::c_allocator, "program"};
  ar::ThreadSafeAllocator safe{named.allocator()};
  ar::StackFallbackAllocator<64> stack{safe.allocator()};

  const float input[] = {1, 2, 3};
  const auto output = smoothed(input, arena.allocator(), fixed.allocator());
  const bool smooth = output && (*output)[2] == 6;

  ar::MemoryPool<int> pool{arena.allocator()};
  const auto pooled = pool.create("pooled", 4);
  const auto owned = ar::make_owned<int>(stack.allocator(), "owned", 5);
  const std::vector<int, ar::StdAllocator<int>> items(100, 1, stack.allocator());
  ar::PmrResource resource{stack.allocator()};
  const std::pmr::vector<int> more(100, 1, &resource);

  const auto failures = ar::testing::check_all_allocation_failures([&](ar::Allocator allocator) {
    const auto result = smoothed(input, allocator, allocator);
    if (result) {
      allocator.free(*result);
    }
    return result.has_value();
  });
  // smoothed() leaves its partial sums to an arena: without one, that is a leak.
  const bool found = failures.find("partial sums") != std::string::npos;

  // What stands behind this one is in a library.
  ar::GeneralPurposeAllocator<> general;
  ar::GeneralPurposeAllocator<ar::GeneralPurposeOptions{.safety = false}> quick{arena.allocator()};
  for (const ar::Allocator allocator : {general.allocator(), quick.allocator()}) {
    const auto copy = allocator.dupe(std::span<const float>{input}, "copy");
    if (!copy || (*copy)[1] != 2) {
      return 2;
    }
    allocator.free(*copy);
  }
  const bool returned = general.deinit() == ar::Deinit::ok && quick.deinit() == ar::Deinit::ok;
  return smooth && pooled && owned && items.size() == more.size() && found && returned ? 0 : 1;
}
