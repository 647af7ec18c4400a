// The pages of one size class in one thread's heap: their life from a fresh span to its return.
//
// A page is in one of two lists of its heap: `with_room`, or `full` once no block is left. Only the thread
// whose heap it is (or the holder of the lock under which an abandoned heap changes hands) may call these.
//
// Other threads free into Page::remote. Its two low bits are the protocol by which the thread of a full page
// learns of that:
//   notify_bit         the thread asks to be notified by the next thread that frees. Set on full pages only.
//   notice_in_flight   somebody does so: the page is in, or about to enter, a heap's `notified` list, and
//                      must not be given up before it has come out of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"

namespace ar::heap {

// When a freed block is allocated again.
enum class Reuse : std::uint8_t {
  soon,  // the last freed first: the processor's cache may still hold it
  late,  // once its page has no block left that was never used, and then the first freed first
};

// What becomes of a page whose blocks are all free.
enum class EmptyPages : std::uint8_t {
  given_back,      // the only one of its class after a while, all others at once
  one_class_kept,  // the same, except that the only one of its class stays
  kept,
};

// Where heaps get their pages from: the process's spans, or the memory of one general-purpose allocator.
struct PageSource {
  // A page for blocks of the class, in state `taken`, with start, slice_count, links, slots and second_words
  // set. Null when there is no memory.
  Page* (*take)(PageSource& source, unsigned index) noexcept;
  void (*give_back)(PageSource& source, Page* page) noexcept;
  // Zeroed memory for a heap, which is never given back. Null when there is none.
  ThreadHeap* (*make_heap)(PageSource& source) noexcept;
  // Bytes from one block's link to the next one's. 0: links lie in the blocks, and Page::links is the start.
  std::uint32_t link_stride;
  Reuse reuse;
  EmptyPages empty_pages;
};

inline constexpr std::size_t largest_direct_size = 1024;
inline constexpr std::size_t direct_count = largest_direct_size / granularity + 1;

struct PageList {
  Page* first;
  Page* last;
};

extern constinit Page empty_page;  // has never a free block

struct ThreadHeap {
  // Page to try first, by (size + 15) / 16; never null.
  struct Direct {
    constexpr Direct() noexcept : pages{} {
      for (Page*& page : pages) {
        page = &empty_page;
      }
    }
    Page* pages[direct_count];
  };

  Direct direct;
  PageList with_room[class_count];
  PageList full;
  std::atomic<Page*> notified;  // full pages that other threads have freed blocks of
  PageSource* source;
  ThreadHeap* next;  // all heaps of the source
  ThreadHeap* next_abandoned;
  std::uint64_t thread;                      // the heap's owner; set by the code that attaches threads
  std::uint32_t retiring_from, retiring_to;  // classes that may have an empty page waiting
};

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

// A new page with its first blocks on its free list, in no list yet. Null when there is no memory.
[[nodiscard]] Page* fresh_page(ThreadHeap* heap, unsigned index) noexcept;

// The first page of the class that has a free block; those that have none move to `full`. May be null.
[[nodiscard]] Page* page_with_room(ThreadHeap* heap, unsigned index) noexcept;

// To be called when the first page of a class has changed.
void queue_changed(ThreadHeap* heap, unsigned index) noexcept;

void collect_remote(Page* page) noexcept;                // blocks that other threads freed become the heap's
[[nodiscard]] bool ask_for_notice(Page* page) noexcept;  // false: something was freed meanwhile
void mark_with_room(ThreadHeap* heap, Page* page) noexcept;  // a full page has room again
void retire(ThreadHeap* heap, Page* page) noexcept;  // an empty page of `with_room`: given up now or later
void release_retired(ThreadHeap* heap, bool all) noexcept;
bool try_release_page(Page* page, PageList& list) noexcept;  // false while a notice is in flight

// The page, of a heap that is not the caller's, gets a block back, whose link is `block`.
void free_remote(Page* page, FreeBlock* block) noexcept;
void settle_page(Page* page) noexcept;  // own page: became empty, or was full

// For assertions, by the page's thread: each block on a free list is one of the page's, whose slot is not
// live, and each block that exists is either on a list or in use.
[[nodiscard]] bool is_consistent(const Page* page) noexcept;
// In the child of a fork the other threads' pages are as they were at an arbitrary point, perhaps with one
// block half taken: from here on is_consistent counts no blocks.
void expect_half_done_pages() noexcept;

void push_notified(ThreadHeap* heap, Page* page) noexcept;  // by any thread
void accept_notified(ThreadHeap* heap) noexcept;

}  // namespace ar::heap
