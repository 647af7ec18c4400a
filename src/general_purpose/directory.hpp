// From a pointer to its page: a hash table of slices, changed under the instance's lock and read without it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/state.hpp"
#include "platform/hash.hpp"
#include "platform/shared_field.hpp"

namespace ar::general_purpose {

struct DirectoryEntry {
  std::uintptr_t slice;  // address >> heap::slice_shift; 0: free, 1: was removed
  Page* page;
};

struct Directory {
  std::size_t mask;      // entries - 1, a power of two less one
  std::size_t occupied;  // entries that are not free
  std::size_t entered;   // those of them that were not removed
  Directory* older;      // replaced by this one; readers may still be in it, so it stays to the end

  [[nodiscard]] DirectoryEntry* entries() noexcept { return reinterpret_cast<DirectoryEntry*>(this + 1); }
  [[nodiscard]] const DirectoryEntry* entries() const noexcept {
    return reinterpret_cast<const DirectoryEntry*>(this + 1);
  }
};

[[nodiscard, gnu::always_inline]] inline std::size_t slice_hash(std::uintptr_t slice) noexcept {
  return platform::spread(slice) >> 32U;
}

// The page whose memory the address lies in, or null. Takes no lock.
[[nodiscard, gnu::always_inline]] inline Page* page_at(const State& state, std::uintptr_t address) noexcept {
  const Directory* directory = platform::observe(state.directory);
  if (directory == nullptr) {
    return nullptr;
  }
  const std::uintptr_t slice = address >> heap::slice_shift;
  for (std::size_t i = slice_hash(slice);; ++i) {
    const DirectoryEntry& entry = directory->entries()[i & directory->mask];
    const std::uintptr_t seen = platform::observe(entry.slice);
    if (seen == slice) {
      return platform::observe(entry.page);
    }
    if (seen == 0) {
      return nullptr;
    }
  }
}

// False when there is no memory: then nothing has changed. The caller holds the lock, here and below.
[[nodiscard]] bool enter_page(State& state, Page* page) noexcept;
void remove_page(State& state, const Page* page) noexcept;
void release_directory(State& state) noexcept;

// Calls visit(page) once for each page.
template <typename Visit>
void for_each_page(const State& state, Visit visit) noexcept {
  const Directory* directory = state.directory;
  for (std::size_t i = 0; directory != nullptr && i <= directory->mask; ++i) {
    const DirectoryEntry entry = directory->entries()[i];
    if (entry.slice > 1 && entry.slice == entry.page->start >> heap::slice_shift) {
      visit(entry.page);
    }
  }
}

}  // namespace ar::general_purpose
