// The pages of an instance, and how blocks go between them and the threads' caches.
#pragma once

#include <cstdint>

#include "general_purpose/reports.hpp"
#include "general_purpose/state.hpp"
#include "general_purpose/thread_cache.hpp"

namespace ar::general_purpose {

// Takes blocks of the class into the cache's empty magazine. False when there is no memory for a single one.
[[nodiscard]] bool refill(State& state, ThreadCache& cache, unsigned index) noexcept;

// Gives the older half of a full magazine back to its pages.
void flush(State& state, Magazines& magazines, unsigned index) noexcept;

// The same for one block, where there is no cache.
void give_back(State& state, void* block) noexcept;

// A block of the page that is never to be handed out again. A page of nothing else gives its memory up.
void retire(State& state, Page& page) noexcept;

// Released blocks are filled with a pattern, and looked at before they are handed out again.
void poison(std::uintptr_t block, std::size_t size) noexcept;
void check_poison(const State& state, std::uintptr_t block, std::size_t size, const Record& record) noexcept;

// Gives all pages' memory back to the backing.
void release_pages(State& state) noexcept;

}  // namespace ar::general_purpose
