// Tests src/track/threads/peak.cpp
// The peak of live memory and who made it up, against workloads whose truth is known.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "heap/allocate.hpp"
#include "support/random.hpp"
#include "support/tracked_heap.hpp"
#include "track/record.hpp"
#include "track/sites/origins.hpp"

namespace ar::track {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;
constexpr std::uint32_t free_families = family_bit(Family::malloc_family);

// A block that is said to be of `size` bytes: what is tracked is what was asked for, so it need not be there.
void* make(std::size_t size, std::uintptr_t site) {
  const heap::Allocated made = heap::allocate(16);
  EXPECT_NE(made.block, nullptr);
  record_allocation(made.page, made.block, size, site, Family::malloc_family);
  return made.block;
}

void give_back(void* block) {
  heap::Page* page = heap::page_of(block);
  EXPECT_EQ(record_free(page, block, 0x77, free_families).kind, FreeKind::ordinary);
  heap::free(page, block);
}

OriginIndex origin_of(void* block) {
  const heap::Page* page = heap::page_of(block);
  return slot_origin(page->slots[page->index_of(reinterpret_cast<std::uintptr_t>(block))]);
}

// Blocks of `bytes` together, each small enough for a slot.
class Held {
 public:
  Held(std::size_t bytes, std::uintptr_t site) {
    for (constexpr std::size_t most = 512 * mib; bytes > 0;) {
      const std::size_t part = bytes < most ? bytes : most;
      blocks_.push_back(make(part, site));
      bytes -= part;
    }
  }
  ~Held() { release(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  void release() {
    for (void* block : blocks_) {
      give_back(block);
    }
    blocks_.clear();
  }
  [[nodiscard]] OriginIndex origin() const { return origin_of(blocks_.front()); }

 private:
  std::vector<void*> blocks_;
};

// What lives beside the tests' own blocks is small: gtest's.
constexpr std::size_t slack = mib;

void expect_peak(std::size_t truth) {
  const std::size_t reported = profile()->peak_bytes;
  EXPECT_LE(reported, truth + truth / 100 + slack);
  EXPECT_GE(reported + slack, truth - truth / 100);
}

std::uint64_t peak_bytes_of(OriginIndex index) {
  const Header* header = profile();
  if (header->peak_capture == 0 || header->peak_pending != 0) {
    const Counters sum = totals(index);
    return sum.allocated_bytes - sum.freed_bytes;
  }
  return origin(index)->peak_bytes[header->peak_capture - 1];
}

// Each test tops the peaks of those before it: the peak is that of the process.
std::size_t next_base = 2000 * mib;

// A thread that frees and then does nothing leaves none of that in what others' peaks are made of.
TEST(Peak, CountsNothingThatAnIdleThreadHasFreed) {
  next_base = 2048 * mib;  // in large blocks throughout: each is a phantom only until the next is freed
  std::atomic<bool> is_there{false};
  std::atomic<bool> rises{false};
  std::thread other([&] {
    give_back(make(1, 0x8000));
    is_there = true;
    while (!rises) {
      std::this_thread::yield();
    }
    const Held held(next_base / 10 * 9, 0x8001);
  });
  while (!is_there) {
    std::this_thread::yield();
  }
  Held held(next_base, 0x8002);
  held.release();
  expect_peak(next_base);
  EXPECT_LE(profile()->live_bytes, slack + next_base / 100);
  rises = true;
  other.join();
  expect_peak(next_base);
}

TEST(Peak, OfOneThreadThatRisesAndFalls) {
  for (int wave = 0; wave < 5; ++wave) {
    next_base += 100 * mib;
    std::vector<void*> blocks;
    std::size_t live = 0;
    while (live < next_base) {
      const std::size_t size = 100000 + blocks.size() % 7;
      blocks.push_back(make(size, 0x1000));
      live += size;
    }
    expect_peak(live);
    for (void* block : blocks) {
      give_back(block);
    }
    expect_peak(live);
  }
}

// The errors of all threads together must stay below 1 %, also when each one's stays just below what would be
// told.
TEST(Peak, OfManyThreadsThatAllHoldJustLessThanTheyMust) {
  for (const unsigned count : {1U, 2U, 3U, 8U, 9U, 33U, 64U}) {
    next_base += next_base / 10;
    const Held base(next_base, 0x2000);
    std::atomic<unsigned> holding{0};
    std::atomic<bool> end{false};
    std::atomic<std::size_t> extra{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        const std::size_t bytes = next_base / 201 / (i + 2);
        std::vector<void*> blocks;
        for (int part = 0; part < 100; ++part) {
          blocks.push_back(make(bytes / 100, 0x3000 + i));
        }
        extra += bytes / 100 * 100;
        ++holding;
        while (!end) {
          std::this_thread::yield();
        }
        for (void* block : blocks) {
          give_back(block);
        }
      });
      while (holding != i + 1) {  // one after the other, as programs start threads
        std::this_thread::yield();
      }
    }
    {
      SCOPED_TRACE(count);
      expect_peak(next_base + extra);
    }
    end = true;
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
}

TEST(Peak, IsAttributedToTheSitesThatMadeItUp) {
  for (const unsigned count : {1U, 2U, 8U}) {
    next_base += next_base / 10;
    std::atomic<unsigned> at_peak{0};
    std::atomic<bool> fall{false};
    std::vector<std::thread> threads;
    std::vector<OriginIndex> origins(count);
    std::vector<std::size_t> truth(count);
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        std::vector<void*> blocks;
        const std::size_t share = next_base / count / 100 * (50 + 100 * i / count);
        std::size_t made = 0;
        while (made < share) {
          blocks.push_back(make(share / 500, 0x40000 + count * 256 + i));
          made += share / 500;
        }
        truth[i] = made;
        origins[i] = origin_of(blocks[0]);
        ++at_peak;
        while (!fall) {
          std::this_thread::yield();
        }
        for (void* block : blocks) {
          give_back(block);
        }
      });
    }
    while (at_peak != count) {
      std::this_thread::yield();
    }
    std::size_t all = 0;
    for (const std::size_t bytes : truth) {
      all += bytes;
    }
    // The workload is a new peak only if it tops the last; the rest is held by this thread.
    Held rest(next_base, 0x50000 + count);
    all += next_base;
    const OriginIndex rest_origin = rest.origin();
    fall = true;
    for (std::thread& thread : threads) {
      thread.join();
    }
    rest.release();
    SCOPED_TRACE(count);
    expect_peak(all);
    const auto near = [all](std::uint64_t reported, std::size_t truth_of) {
      return reported <= truth_of + all / 100 && reported + all / 100 >= truth_of;
    };
    for (unsigned i = 0; i < count; ++i) {
      EXPECT_TRUE(near(peak_bytes_of(origins[i]), truth[i]))
          << peak_bytes_of(origins[i]) << " is not " << truth[i];
    }
    EXPECT_TRUE(near(peak_bytes_of(rest_origin), next_base)) << peak_bytes_of(rest_origin);
    next_base = all;
  }
}

// Random rises and falls, with the truth kept beside.
TEST(Peak, OfARandomWalk) {
  test::Random random(9);
  std::vector<std::pair<void*, std::size_t>> blocks;
  next_base *= 2;
  const Held base(next_base, 0x6000);
  std::size_t live = next_base;
  std::size_t peak = live;
  for (int step = 0; step < 200000; ++step) {
    const bool rise = random.below(100) < (step % 20000 < 10000 ? 60U : 40U);
    if (rise) {
      const std::size_t size = 1 + random.below(next_base / 5000);
      blocks.emplace_back(make(size, 0x7000 + random.below(50)), size);
      live += size;
      peak = live > peak ? live : peak;
    } else if (!blocks.empty()) {
      const std::size_t which = random.below(blocks.size());
      give_back(blocks[which].first);
      live -= blocks[which].second;
      blocks[which] = blocks.back();
      blocks.pop_back();
    }
  }
  expect_peak(peak);
  for (const auto& [block, size] : blocks) {
    give_back(block);
  }
}

// A signal handler may end the process while its own thread holds the locks.
TEST(Peak, EndsWhileItsLocksAreHeld) {
  peak_lock().lock();
  end_peak();
  peak_lock().unlock();
  region_lock().lock();
  name_running_threads();
  region_lock().unlock();
  end_peak();
}

}  // namespace
}  // namespace ar::track
