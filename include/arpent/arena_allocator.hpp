// ar::ArenaAllocator: bump allocation, released at once.
//
//   ar::ArenaAllocator arena{ar::c_allocator};
//   for (const Request& request : requests) {
//     serve(request, arena.allocator());
//     arena.reset(ar::retain_capacity);   // the next request needs no memory from anybody
//   }
//
// Blocks lie one after the other in chunks from a backing allocator. Freeing a block does nothing unless it
// is the last one; everything is released by reset(), by rewind() or with the arena. Nobody's destructor is
// called.
//
// Chunks double from `first_chunk` to `largest_chunk` bytes. A request that does not fit into the next chunk
// gets one of its own, of just its size, and doubles the next chunk once, not to its own measure: one outlier
// does not make every later chunk huge, while a habit of larger requests is soon met by chunks that hold
// several.
//
// In a program that Arpent tracks, reports show what lies in an arena by site. A block that was freed without
// being the last one lies there until the arena is reset; what is freed here and is no block of the arena's
// is told on standard error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "allocator.hpp"
#include "detail/ownership.hpp"
#include "reset.hpp"

namespace ar {

// How an arena grows: bytes, of which each chunk's header takes 32.
struct ArenaOptions {
  std::size_t first_chunk = 4096;
  std::size_t largest_chunk = std::size_t{1} << 20;
};

// Not for several threads at once, except through a ThreadSafeAllocator. Neither copied nor moved: Allocators
// refer to it.
class ArenaAllocator {
  template <class T>
  friend class MemoryPool;
  struct Chunk {
    Chunk* next;  // the one before it in the same list
    std::size_t size;
    std::uint64_t number;  // later ones have larger ones; none comes twice
    std::size_t used = 0;  // bytes of blocks, once the chunk is no longer in use
  };
  static constexpr std::size_t chunk_alignment = alignof(std::max_align_t);
  static constexpr std::size_t header_size = (sizeof(Chunk) + chunk_alignment - 1) & ~(chunk_alignment - 1);
  static constexpr std::size_t least_chunk = 2 * header_size;

 public:
  // Chunks come from `backing`, the first one with the first block. `description` is what the backing
  // allocator is told about all of them. Both, and the description's text, must outlive the arena.
  explicit ArenaAllocator(Allocator backing, ArenaOptions options = {},
                          Description description = {"arena", std::source_location::current()}) noexcept
      : ArenaAllocator(backing, options, description, true) {}
  ~ArenaAllocator() {
    owner_.end();
    release_all();
  }
  ArenaAllocator(const ArenaAllocator&) = delete;
  ArenaAllocator& operator=(const ArenaAllocator&) = delete;

  // The arena as an Allocator, valid as long as the arena is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  // Ends all blocks and marks, and keeps of the memory what `mode` says, as one chunk. False when the memory
  // that was to be kept could not be had in one piece from the backing allocator; then none is kept. The
  // arena is ready for use in any case.
  bool reset(Reset mode = retain_capacity) noexcept {
    if (owner_.is_tracked()) [[unlikely]] {
      owner_.cut(0);
    }
    const std::size_t capacity = query_capacity();
    const std::size_t kept = capacity < mode.limit() ? capacity : mode.limit();
    next_chunk_ = first_chunk_;
    if (kept != 0 && kept == capacity && chunks_ != nullptr && chunks_->next == nullptr &&
        large_ == nullptr && spare_chunks_ == nullptr && spare_large_ == nullptr) {
      move_to(start_of(chunks_));
      floor_ = position();
      chunks_->number = ++last_number_;  // so that old marks are known
      return true;
    }
    release_all();
    if (kept == 0) {
      return true;
    }
    // Released first: a budget that held the chunks holds their sum.
    Chunk* const chunk = make_chunk(kept + header_size);
    if (chunk == nullptr) {
      return false;
    }
    use(chunk);
    return true;
  }

  // How many bytes can be in use without asking the backing allocator, if they are of a kind.
  [[nodiscard]] std::size_t query_capacity() const noexcept {
    std::size_t bytes = 0;
    for (const Chunk* list : {chunks_, large_, spare_chunks_, spare_large_}) {
      for (; list != nullptr; list = list->next) {
        bytes += list->size - header_size;
      }
    }
    return bytes;
  }

  // Bytes of the blocks that lie here, with the padding between them: what was freed counts until the arena
  // gets it back. Looks through the chunks.
  [[nodiscard]] std::size_t query_used() const noexcept {
    std::size_t bytes = chunks_ == nullptr ? 0 : position() - start_of(chunks_);
    for (const Chunk* chunk = chunks_ == nullptr ? nullptr : chunks_->next; chunk != nullptr;
         chunk = chunk->next) {
      bytes += chunk->used;
    }
    for (const Chunk* chunk = large_; chunk != nullptr; chunk = chunk->next) {
      bytes += chunk->size - header_size;
    }
    return bytes;
  }

  // Whether a block of this arena, living or not, lies at `pointer`. Looks through the chunks.
  [[nodiscard]] bool owns_ptr(const void* pointer) const noexcept {
    for (const Chunk* list : {chunks_, large_}) {
      for (; list != nullptr; list = list->next) {
        if (detail::address_of(pointer) - detail::address_of(list) < list->size) {
          return true;
        }
      }
    }
    return false;
  }

  // A moment to come back to.
  class Mark {
    friend class ArenaAllocator;
    std::uint64_t last_number = 0;
    std::uint64_t chunk_number = 0;
    std::uintptr_t position = 0;
    std::size_t next_chunk = 0;
    std::size_t told = 0;  // blocks that the tracker knew
  };

  // Remembers which blocks there are. The last of them can no longer grow in place.
  [[nodiscard]] Mark mark() noexcept {
    Mark mark;
    mark.last_number = last_number_;
    mark.chunk_number = chunks_ == nullptr ? 0 : chunks_->number;
    mark.position = position();
    mark.next_chunk = next_chunk_;
    if (owner_.is_tracked()) [[unlikely]] {
      mark.told = owner_.count();
    }
    floor_ = position();
    return mark;
  }

  // Ends all blocks that were made after the mark, and keeps their memory for what comes next. The mark may
  // be used again; marks made after it are void, as all are after a reset. A void mark whose chunk has gone
  // ends the process with a line that says so.
  void rewind(const Mark& mark) noexcept {
    if (owner_.is_tracked()) [[unlikely]] {
      owner_.cut(mark.told);
    }
    while (chunks_ != nullptr && chunks_->number > mark.last_number) {
      move_first(chunks_, spare_chunks_);
    }
    while (large_ != nullptr && large_->number > mark.last_number) {
      move_first(large_, spare_large_);
    }
    if ((chunks_ == nullptr ? 0 : chunks_->number) != mark.chunk_number) {
      detail::misuse(
          "ArenaAllocator::rewind: this mark is void: a reset, or a rewind to an older mark, ended it");
    }
    if (chunks_ == nullptr) {
      move_to(0);
      biased_end_ = 0;
    } else {
      limit_to(chunks_);
      move_to(mark.position);
    }
    floor_ = position();
    next_chunk_ = mark.next_chunk;
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    const std::uintptr_t block = next_block(alignment);
    const std::uintptr_t next = block + (size + bias);
    if (next > biased_end_) [[unlikely]] {
      return alloc_elsewhere(size, alignment, description);
    }
    biased_position_ = next;
    return reinterpret_cast<void*>(block);
  }

  // The last block grows and shrinks in place; every other shrinks, to no gain. A block in a chunk of its own
  // grows when the backing allocator lets that chunk grow.
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t, std::size_t new_size,
                                const Description&) noexcept {
    const std::uintptr_t start = detail::address_of(block);
    if (start + size == position() && start >= floor_) {
      if (new_size > end_of_room() - start) {
        return false;
      }
      move_to(start + new_size);
    } else if (new_size <= size) {
      return true;
    } else if (!is_last_large(start, size) || !grow_last_large(start, new_size)) {
      return false;
    }
    if (owner_.is_tracked()) [[unlikely]] {
      owner_.resize(block, new_size);
    }
    return true;
  }

  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
  }

  void raw_free(void* block, std::size_t size, std::size_t, const Description& description) noexcept {
    const std::uintptr_t start = detail::address_of(block);
    if (start + size == position() && start >= floor_) {
      move_to(start);
      if (owner_.is_tracked()) [[unlikely]] {
        owner_.leave(block);
      }
    } else if (owner_.is_tracked() && !owns_ptr(block)) [[unlikely]] {
      owner_.reject(block, description);
    }
  }

 private:
  // `tells`: whether the tracker is to know what lies in it.
  ArenaAllocator(Allocator backing, ArenaOptions options, Description description, bool tells) noexcept
      : backing_(backing),
        description_(description),
        tells_(tells),
        first_chunk_(options.first_chunk < least_chunk ? least_chunk : options.first_chunk),
        next_chunk_(first_chunk_),
        largest_chunk_(options.largest_chunk < first_chunk_ ? first_chunk_ : options.largest_chunk) {}

  [[nodiscard]] std::uintptr_t position() const noexcept { return biased_position_ - bias; }
  void move_to(std::uintptr_t position) noexcept { biased_position_ = position + bias; }
  [[nodiscard]] std::uintptr_t next_block(std::size_t alignment) const noexcept {
    return (biased_position_ + (alignment - 1 - bias)) & ~(alignment - 1);
  }

  [[nodiscard]] static std::uintptr_t start_of(const Chunk* chunk) noexcept {
    return detail::address_of(chunk) + header_size;
  }

  void limit_to(const Chunk* chunk) noexcept {
    biased_end_ = owner_.is_tracked() ? 0 : detail::address_of(chunk) + chunk->size + bias;
  }
  // Of the chunk that is in use.
  [[nodiscard]] std::uintptr_t end_of_room() const noexcept {
    return chunks_ == nullptr ? 0 : detail::address_of(chunks_) + chunks_->size;
  }

  [[nodiscard]] Chunk* make_chunk(std::size_t size) noexcept {
    if (tells_) {
      owner_.begin(AR_HEAP_ARENA, description_);
    }
    void* const memory = backing_.raw_alloc(size, chunk_alignment, description_);
    if (memory == nullptr) {
      return nullptr;
    }
    return new (memory) Chunk{nullptr, size, ++last_number_, 0};
  }

  // Blocks are made in this chunk from now on.
  void use(Chunk* chunk) noexcept {
    if (chunks_ != nullptr) {
      chunks_->used = position() - start_of(chunks_);
    }
    chunk->next = chunks_;
    chunks_ = chunk;
    move_to(start_of(chunk));
    limit_to(chunk);
    floor_ = position();
  }

  // Out of a list of spare chunks, the first with room for this.
  [[nodiscard]] Chunk* take(Chunk*& list, std::size_t size, std::size_t alignment) noexcept {
    for (Chunk** link = &list; *link != nullptr; link = &(*link)->next) {
      Chunk* const chunk = *link;
      if (detail::padding_to(start_of(chunk), alignment) + size <= chunk->size - header_size) {
        *link = chunk->next;
        chunk->number = ++last_number_;
        return chunk;
      }
    }
    return nullptr;
  }

  // The description by value: a reference would keep it in memory on the fast path, too.
  [[gnu::noinline]] void* alloc_elsewhere(std::size_t size, std::size_t alignment,
                                          Description description) noexcept {
    void* block = nullptr;
    const std::uintptr_t next = next_block(alignment);
    if (owner_.is_tracked() && next + size <= end_of_room()) {
      move_to(next + size);
      block = reinterpret_cast<void*>(next);
    } else {
      block = alloc_in_another_chunk(size, alignment);
    }
    if (block != nullptr && owner_.is_tracked()) {
      owner_.enter(block, size, description);
    }
    return block;
  }

  // A block that does not fit into the chunk in use. Spare chunks are taken for what they were made for,
  // oldest first, so that work which is done again after a rewind finds the same chunks in the same order.
  [[nodiscard]] void* alloc_in_another_chunk(std::size_t size, std::size_t alignment) noexcept {
    // Chunks are aligned as malloc's blocks.
    const std::size_t padding = alignment > chunk_alignment ? alignment - chunk_alignment : 0;
    const std::size_t needed = header_size + padding + size;
    if (needed > detail::largest_size) {
      return nullptr;
    }
    const bool is_large = needed > next_chunk_;
    Chunk* chunk = take(is_large ? spare_large_ : spare_chunks_, size, alignment);
    if (chunk == nullptr) {
      chunk = take(is_large ? spare_chunks_ : spare_large_, size, alignment);
    }
    if (chunk == nullptr) {
      chunk = make_chunk(is_large ? needed : next_chunk_);
    }
    if (chunk == nullptr && !is_large) {
      chunk = make_chunk(needed);  // a backing allocator that nears its end may still have this much
    }
    if (chunk == nullptr) {
      return nullptr;
    }
    next_chunk_ = next_chunk_ > largest_chunk_ / 2 ? largest_chunk_ : next_chunk_ * 2;
    const std::uintptr_t block = start_of(chunk) + detail::padding_to(start_of(chunk), alignment);
    if (is_large) {
      chunk->next = large_;
      large_ = chunk;
    } else {
      use(chunk);
      move_to(block + size);
    }
    return reinterpret_cast<void*>(block);
  }

  [[nodiscard]] bool is_last_large(std::uintptr_t start, std::size_t size) const noexcept {
    return large_ != nullptr && start - start_of(large_) <= large_->size - header_size - size &&
           size <= large_->size - header_size;
  }
  [[nodiscard]] bool grow_last_large(std::uintptr_t start, std::size_t new_size) noexcept {
    const std::size_t room = detail::address_of(large_) + large_->size - start;
    if (new_size <= room) {
      return true;
    }
    const std::size_t more = new_size - room;
    if (more > detail::largest_size - large_->size ||
        !backing_.raw_resize(large_, large_->size, chunk_alignment, large_->size + more, description_)) {
      return false;
    }
    large_->size += more;
    return true;
  }

  static void move_first(Chunk*& from, Chunk*& to) noexcept {
    Chunk* const chunk = from;
    from = chunk->next;
    chunk->next = to;
    to = chunk;
  }

  void release_all() noexcept {
    for (Chunk** list : {&chunks_, &large_, &spare_chunks_, &spare_large_}) {
      while (*list != nullptr) {
        Chunk* const chunk = *list;
        *list = chunk->next;
        backing_.raw_free(chunk, chunk->size, chunk_alignment, description_);
      }
    }
    move_to(0);
    biased_end_ = floor_ = 0;
  }

  // Where the next block begins, before it is aligned, plus `bias`: for the usual alignment of 8 that needs
  // no addition, which in a row of blocks is one operation less between each and the next.
  static constexpr std::size_t bias = 7;
  std::uintptr_t biased_position_ = bias;
  // The end of the chunk that is in use, plus `bias`. 0: every request comes to alloc_elsewhere, because
  // there is no chunk, or the tracker is told of each block.
  std::uintptr_t biased_end_ = 0;
  std::uintptr_t floor_ = 0;  // no block that begins below it is resized or freed: a mark may count on it
  Chunk* chunks_ = nullptr;   // those of many blocks; the first one is in use
  Chunk* large_ = nullptr;    // those of one block each
  Chunk* spare_chunks_ = nullptr;  // those of both kinds that a rewind left empty
  Chunk* spare_large_ = nullptr;
  std::uint64_t last_number_ = 0;
  detail::Ownership owner_;
  Allocator backing_;
  Description description_;
  bool tells_;
  std::size_t first_chunk_;
  std::size_t next_chunk_;
  std::size_t largest_chunk_;
};

}  // namespace ar
