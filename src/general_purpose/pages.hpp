// The pages of an instance: where its heaps get them from.
#pragma once

#include <cstdint>

#include "general_purpose/page.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Makes the instance a source of pages, in memory of its backing.
void make_source(State& state) noexcept;

// A block of the page that is never to be handed out again. A page of nothing else gives its memory up.
void retire(State& state, Page& page) noexcept;

// Gives the memory of all pages and heaps back to the backing.
void release_pages(State& state) noexcept;
void release_heaps(State& state) noexcept;

}  // namespace ar::general_purpose
