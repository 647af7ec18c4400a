// Tests src/general_purpose/thread_heaps.cpp
// Threads of one general-purpose allocator pass blocks on, free each other's and end, so that full pages get
// blocks back from several threads and heaps of threads that are gone are adopted. Once with safety, once
// without.
#include <arpent/general_purpose_allocator.hpp>
#include <mutex>

#include "support/stress.hpp"

using namespace ar::test;

namespace {

constexpr unsigned threads_at_once = 4;
constexpr int generations = 3 * effort;
constexpr int rounds = 4;

std::mutex mutex;
std::vector<Filled> passed_on;  // blocks that any thread may free

void pass_on(std::vector<Filled>& blocks) {
  const std::lock_guard lock(mutex);
  passed_on.insert(passed_on.end(), blocks.begin(), blocks.end());
  blocks.clear();
}

std::vector<Filled> take_half() {
  const std::lock_guard lock(mutex);
  const auto half = passed_on.begin() + static_cast<std::ptrdiff_t>(passed_on.size() / 2);
  std::vector<Filled> taken(half, passed_on.end());
  passed_on.erase(half, passed_on.end());
  return taken;
}

void free_all(ar::Allocator allocator, std::vector<Filled>& blocks) {
  for (const Filled& filled : blocks) {
    CHECK(damage(filled.block, filled.size, filled.seed) == 0);
    allocator.free(std::span{static_cast<std::byte*>(filled.block), filled.size});
  }
  blocks.clear();
}

void work(ar::Allocator allocator, std::uint64_t seed) {
  Random random(seed);
  for (int round = 0; round < rounds; ++round) {
    // More than a page of one size, so that pages fill up, and some of any size.
    const std::size_t one_size = 1 + random.size(11);
    std::vector<Filled> made;
    for (std::size_t i = 0; i < 2 * ar::heap::slice_size / one_size + 3 && i < 2000; ++i) {
      const std::size_t size = random.below(8) == 0 ? 1 + random.size(16) : one_size;
      made.push_back({allocator.alloc<std::byte>(size).value().data(), size, random.next()});
      fill(made.back().block, size, made.back().seed);
    }
    pass_on(made);
    std::vector<Filled> taken = take_half();
    free_all(allocator, taken);
  }
}

template <ar::GeneralPurposeOptions options>
void run() {
  ar::GeneralPurposeAllocator<options> general;
  for (int generation = 0; generation < generations; ++generation) {
    on_threads(threads_at_once, [&](unsigned self) {
      work(general.allocator(), static_cast<std::uint64_t>(generation) * threads_at_once + self + 1);
    });
  }
  free_all(general.allocator(), passed_on);
  CHECK(general.deinit() == ar::Deinit::ok);
}

}  // namespace

int main() {
  run<ar::GeneralPurposeOptions{.stack_frames = 2}>();
  run<ar::GeneralPurposeOptions{.safety = false}>();
}
