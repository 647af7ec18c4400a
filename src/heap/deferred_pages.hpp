// Pages freed while another thread held the lock that they go behind: its next holder takes them in.
#pragma once

#include <atomic>

#include "heap/page.hpp"

namespace ar::heap {

// push() may be called by any thread at any time, take_all() by the holder of the lock. Pages are linked
// through notified_next.
class DeferredPages {
 public:
  void push(Page* page) noexcept {
    Page* head = head_.load(std::memory_order_relaxed);
    do {
      page->notified_next = head;
    } while (!head_.compare_exchange_weak(head, page, std::memory_order_release, std::memory_order_relaxed));
  }

  // Calls take(page) for each, the last pushed first.
  template <typename Take>
  void take_all(Take take) noexcept {
    // Most often there is none, and a load leaves the cache line shared.
    Page* page = head_.load(std::memory_order_relaxed) == nullptr
                     ? nullptr
                     : head_.exchange(nullptr, std::memory_order_acquire);
    while (page != nullptr) {
      Page* next = page->notified_next;
      take(page);
      page = next;
    }
  }

 private:
  std::atomic<Page*> head_{nullptr};
};

}  // namespace ar::heap
