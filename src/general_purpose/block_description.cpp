#include "general_purpose/block_description.hpp"

#include "general_purpose/directory.hpp"
#include "general_purpose/large_table.hpp"

namespace ar::general_purpose {

namespace {

// Without safety there are no records: then it is not known whether the block lives.
bool describe(const State& state, const Record& record, ar_heap__owned_block& found) noexcept {
  if (!state.settings.safety) {
    found = {nullptr, 0};
    return true;
  }
  if (record.state != BlockState::live) {
    return false;
  }
  const bool has_stack = state.settings.stack_frames != 0 && record.allocated_depth != 0;
  found = {record.description, has_stack ? record.frames()[0] : 0};
  return true;
}

}  // namespace

bool describe_block(State& state, std::uintptr_t address, ar_heap__owned_block& found) noexcept {
  if (const Page* page = page_at(state, address); page != nullptr) {
    const std::size_t index = page->index_of(address);
    return index < platform::load_relaxed(page->block_count) && page->block(index) == address &&
           describe(state, page->record(index), found);
  }
  if (!state.lock.try_lock()) {
    return false;
  }
  const LargeBlock* const large = large_block_at(state, address);
  const bool described = large != nullptr && describe(state, large->record, found);
  state.lock.unlock();
  return described;
}

}  // namespace ar::general_purpose
