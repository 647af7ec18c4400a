// The heap: blocks for the whole process, each with an out-of-band metadata slot.
//
// This is the interface that the layers above use. The heap knows nothing of origins, sites or
// families: it stores one 64-bit word a block for whoever tracks, and finds it again from any pointer.
//
// Thread safety: every function may be called from any thread at any time, before constructors run and
// after destructors have run, unless its comment says otherwise. Nothing here throws, and nothing
// touches errno except where stated.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::heap {

// What a pointer is to the heap.
enum class AddressKind : std::uint8_t {
  foreign,      // not an address of this heap
  live,         // start of a block that is allocated
  freed,        // start of a block that is free (only known while slots are kept, else `live`)
  interior,     // inside a live block, past its start
  unallocated,  // an address of this heap where no block is (free span, page tail, never handed out)
};

struct BlockInfo {
  AddressKind kind = AddressKind::foreign;
  std::uintptr_t start = 0;        // of the block; 0 when foreign or unallocated
  std::size_t usable_size = 0;     // bytes the block can hold
  std::size_t requested_size = 0;  // bytes asked for; usable_size when slots are not kept
  std::uint64_t slot = 0;          // the block's metadata word, see track/region/slot.hpp; 0 when not kept
  std::uint64_t second_word = 0;   // see second_words.hpp and track/stamp.hpp; 0 when none
};

// Constant time for any address whatever, valid or not. Never takes a lock, never faults: safe in
// signal handlers and while other threads are stopped at arbitrary points.
[[nodiscard]] BlockInfo find(const void* address) noexcept;

// Calls visit(info, context) for each live block, in no particular order, until it returns false. Takes no
// lock; blocks allocated or freed meanwhile by other threads may or may not be seen. Needs slots.
using Visitor = bool (*)(const BlockInfo& info, void* context);
void for_each_live_block(Visitor visit, void* context) noexcept;

// The first range of memory that the heap maps for itself (blocks or metadata) and that ends after
// `address`; false when there is none. The kernel may show such a range as part of a larger mapping that
// is not ours: the leak scan cuts it out of the roots. Lock-free.
[[nodiscard]] bool own_range_after(std::uintptr_t address, std::uintptr_t& start,
                                   std::uintptr_t& end) noexcept;

// The same for memory that holds nothing of the program's and of which little is ever touched: metadata, the
// map of segments, what a segment has behind its last slice.
[[nodiscard]] bool reserved_range_after(std::uintptr_t address, std::uintptr_t& start,
                                        std::uintptr_t& end) noexcept;

}  // namespace ar::heap
