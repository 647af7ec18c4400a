// The pages of one size class in one thread's heap: their life from a fresh span to its return.
//
// A page is in one of two lists of its heap: `with_room`, or `full` once no block is left. Only the thread
// that owns the heap (or holds the lock under which an ownerless one changes hands) may call these.
//
// Other threads free into Page::remote. Its two low bits are the protocol by which the owner of a full page
// learns of that:
//   notify_bit         the owner asks: whoever frees next, tell me. Set on full pages only.
//   notice_in_flight   somebody does so: the page is in, or about to enter, a heap's `notified` list, and
//                      must not be given up before it has come out of it.
#pragma once

#include "heap/page.hpp"
#include "heap/thread_heap.hpp"

namespace ar::heap {

inline constexpr std::uintptr_t notify_bit = 1;
inline constexpr std::uintptr_t notice_in_flight = 2;
inline constexpr std::uintptr_t remote_bits = notify_bit | notice_in_flight;

inline void remove(PageList& list, Page* page) noexcept {
  (page->previous != nullptr ? page->previous->next : list.first) = page->next;
  (page->next != nullptr ? page->next->previous : list.last) = page->previous;
}

inline void push_front(PageList& list, Page* page) noexcept {
  page->previous = nullptr;
  page->next = list.first;
  (list.first != nullptr ? list.first->previous : list.last) = page;
  list.first = page;
}

inline void push_back(PageList& list, Page* page) noexcept {
  page->next = nullptr;
  page->previous = list.last;
  (list.last != nullptr ? list.last->next : list.first) = page;
  list.last = page;
}

// A new page with its first blocks carved, in no list yet. Null when there is no memory.
[[nodiscard]] Page* fresh_page(ThreadHeap* heap, unsigned index) noexcept;

// The first page of the class that has a free block; those that have none move to `full`. May be null.
[[nodiscard]] Page* page_with_room(ThreadHeap* heap, unsigned index) noexcept;

// To be called when the first page of a class has changed.
void queue_changed(ThreadHeap* heap, unsigned index) noexcept;

void collect_remote(Page* page) noexcept;                // blocks that other threads freed become the owner's
[[nodiscard]] bool ask_for_notice(Page* page) noexcept;  // false: something was freed meanwhile
void mark_with_room(ThreadHeap* heap, Page* page) noexcept;  // a full page has room again
void retire(ThreadHeap* heap, Page* page) noexcept;  // an empty page of `with_room`: given up now or later
void release_retired(ThreadHeap* heap, bool all) noexcept;
bool try_release_page(Page* page, PageList& list) noexcept;  // false while a notice is in flight

void push_notified(ThreadHeap* heap, Page* page) noexcept;  // by any thread
void accept_notified(ThreadHeap* heap) noexcept;

}  // namespace ar::heap
