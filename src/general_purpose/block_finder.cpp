#include "general_purpose/block_finder.hpp"

#include "arpent/block_owner.h"

#include "general_purpose/directory.hpp"
#include "general_purpose/large_blocks.hpp"
#include "general_purpose/state.hpp"
#include "general_purpose/thread_heaps.hpp"

namespace ar::general_purpose {

namespace {

struct Search {
  std::uintptr_t address;
  ar_heap__owned_block* found;
};

// Without safety there are no records: then it is not known whether the block lives.
bool describe(const State& state, const Record* record, Search& search) noexcept {
  if (record != nullptr && record->state != BlockState::live) {
    return false;
  }
  const bool has_stack =
      record != nullptr && state.settings.stack_frames != 0 && record->allocated_depth != 0;
  *search.found = {record == nullptr ? nullptr : record->description, has_stack ? record->frames()[0] : 0};
  return true;
}

bool is_block_of(State& state, void* context) noexcept {
  Search& search = *static_cast<Search*>(context);
  if (const Page* page = page_at(state, search.address); page != nullptr) {
    const std::size_t index = page->index_of(search.address);
    return index < platform::load_relaxed(page->carved) && page->block(index) == search.address &&
           describe(state, state.settings.safety ? &page->record(index) : nullptr, search);
  }
  if (!state.lock.try_lock()) {
    return false;
  }
  const LargeBlock* const large = large_block_at(state, search.address);
  const bool is_it =
      large != nullptr && describe(state, state.settings.safety ? &large->record : nullptr, search);
  state.lock.unlock();
  return is_it;
}

int find_block(const void* pointer, ar_heap__owned_block* found) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(pointer), found};
  return find_instance(is_block_of, &search) != nullptr ? 1 : 0;
}

}  // namespace

void begin_finding_blocks() noexcept {
  if (&ar_heap__add_block_finder != nullptr) {
    ar_heap__add_block_finder(find_block, "a general purpose allocator");
  }
}

void end_finding_blocks() noexcept {
  if (&ar_heap__remove_block_finder != nullptr) {
    ar_heap__remove_block_finder(find_block);
  }
}

}  // namespace ar::general_purpose
