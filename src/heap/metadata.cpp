#include "heap/metadata.hpp"

#include <atomic>

#include "platform/pages.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

namespace {

constexpr std::size_t unit = 64;
constexpr std::size_t largest_recycled = std::size_t{128} << 10U;
constexpr std::size_t first_chunk_size = std::size_t{256} << 10U;
constexpr std::size_t chunk_size = std::size_t{1} << 20U;

struct FreePiece {
  FreePiece* next;
};

struct Chunk {
  Chunk* next;
  std::size_t size;
};

platform::Lock lock;
FreePiece* free_pieces[largest_recycled / unit + 1];
Chunk* current = nullptr;  // pieces are cut from it, from its start
std::size_t current_used =
    0;  // bytes. No end address: that can be a block's, which the leak scan would then find
std::atomic<Chunk*> chunks{nullptr};
std::atomic<std::size_t> mapped{0};

// A chunk of memory that starts with its own list node.
Chunk* map_chunk(std::size_t size) noexcept {
  auto* chunk = static_cast<Chunk*>(platform::map_pages(size));
  if (chunk == nullptr) {
    return nullptr;
  }
  chunk->size = size;
  chunk->next = chunks.load(std::memory_order_relaxed);
  chunks.store(chunk, std::memory_order_release);
  mapped.fetch_add(size, std::memory_order_relaxed);
  return chunk;
}

void keep_piece(void* start, std::size_t size) noexcept {
  auto* const piece = static_cast<FreePiece*>(start);
  // A late look-up may still be reading the slots.
  platform::store_relaxed(piece->next, free_pieces[size / unit]);
  free_pieces[size / unit] = piece;
}

// Of a larger piece that was given back, where no memory can be mapped any more. Zeroed, as if it were fresh.
void* cut_from_free_piece(std::size_t size) noexcept {
  for (std::size_t larger = size + unit; larger <= largest_recycled; larger += unit) {
    if (FreePiece* const piece = free_pieces[larger / unit]; piece != nullptr) {
      free_pieces[larger / unit] = piece->next;
      keep_piece(reinterpret_cast<char*>(piece) + size, larger - size);
      auto* const words = reinterpret_cast<std::uint64_t*>(piece);
      for (std::size_t i = 0; i < size / sizeof *words; ++i) {
        platform::store_relaxed(words[i], 0);
      }
      return piece;
    }
  }
  return nullptr;
}

}  // namespace

void* allocate_metadata(std::size_t size) noexcept {
  size = platform::round_up(size, unit);
  const platform::LockGuard guard(lock);
  if (size <= largest_recycled) {
    if (FreePiece* piece = free_pieces[size / unit]; piece != nullptr) {
      free_pieces[size / unit] = piece->next;
      return piece;
    }
  }
  if (current == nullptr || current->size - current_used < size) {
    if (size + unit > chunk_size / 4) {
      Chunk* own = map_chunk(platform::round_up(size + unit, platform::page_size));
      return own == nullptr ? cut_from_free_piece(size) : reinterpret_cast<char*>(own) + unit;
    }
    Chunk* chunk = map_chunk(current == nullptr ? first_chunk_size : chunk_size);
    if (chunk == nullptr) {
      chunk = map_chunk(platform::round_up(size + unit, platform::page_size));  // what is left is little
    }
    if (chunk == nullptr) {
      return cut_from_free_piece(size);
    }
    current = chunk;
    current_used = unit;
  }
  void* piece = reinterpret_cast<char*>(current) + current_used;
  current_used += size;
  return piece;
}

void free_metadata(void* start, std::size_t size) noexcept {
  size = platform::round_up(size, unit);
  const platform::LockGuard guard(lock);
  if (size > largest_recycled) {
    size = largest_recycled;  // the rest is lost; nothing of that size is ever given back
  }
  keep_piece(start, size);
}

bool metadata_range_after(std::uintptr_t address, std::uintptr_t& start, std::uintptr_t& end) noexcept {
  bool found = false;
  for (const Chunk* chunk = chunks.load(std::memory_order_acquire); chunk != nullptr; chunk = chunk->next) {
    const auto chunk_start = reinterpret_cast<std::uintptr_t>(chunk);
    if (chunk_start + chunk->size > address && (!found || chunk_start < start)) {
      start = chunk_start;
      end = chunk_start + chunk->size;
      found = true;
    }
  }
  return found;
}

std::size_t metadata_mapped() noexcept { return mapped.load(std::memory_order_relaxed); }

platform::Lock& metadata_lock() noexcept { return lock; }

}  // namespace ar::heap
