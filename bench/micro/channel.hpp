// A bounded queue between one producer and one consumer, cheap enough that the allocator dominates.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace ar::bench {

class Channel {
 public:
  // Waits while the queue is full. Producer only.
  void push(std::uint64_t* block) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    wait_until([&] {
      if (tail - known_head_ < capacity) {
        return true;
      }
      known_head_ = head_.load(std::memory_order_acquire);
      return tail - known_head_ < capacity;
    });
    blocks_[tail % capacity] = block;
    tail_.store(tail + 1, std::memory_order_release);
  }

  // Waits while the queue is empty. Consumer only.
  [[nodiscard]] std::uint64_t* pop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    wait_until([&] {
      if (head != known_tail_) {
        return true;
      }
      known_tail_ = tail_.load(std::memory_order_acquire);
      return head != known_tail_;
    });
    std::uint64_t* block = blocks_[head % capacity];
    head_.store(head + 1, std::memory_order_release);
    return block;
  }

 private:
  static constexpr std::size_t capacity = 4096;
  static constexpr std::size_t cache_line = 64;
  static constexpr int tries_before_yield = 200;

  // Spins for a while, as both ends have a core of their own; yields in case they have not.
  template <typename Ready>
  static void wait_until(Ready ready) {
    for (int tries = 0; !ready(); ++tries) {
      if (tries >= tries_before_yield) {
        std::this_thread::yield();
      }
    }
  }

  // Each end keeps what it last saw of the other, so that the shared lines move seldom.
  alignas(cache_line) std::atomic<std::size_t> head_{0};
  std::size_t known_tail_ = 0;
  alignas(cache_line) std::atomic<std::size_t> tail_{0};
  std::size_t known_head_ = 0;
  alignas(cache_line) std::array<std::uint64_t*, capacity> blocks_{};
};

}  // namespace ar::bench
