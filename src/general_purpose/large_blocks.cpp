#include "general_purpose/large_blocks.hpp"

#include <bit>
#include <cstring>

#include "general_purpose/descriptions.hpp"
#include "general_purpose/large_table.hpp"
#include "general_purpose/memory_limit.hpp"
#include "general_purpose/records.hpp"
#include "general_purpose/reports.hpp"
#include "platform/pages.hpp"

namespace ar::general_purpose {

void* allocate_large(State& state, std::size_t size, std::size_t alignment, const char* description,
                     const CallStack& stack) noexcept {
  void* block = nullptr;
  {
    const StateLock hold(state);
    if (!reserve_large_block(state)) {
      return nullptr;
    }
    block = state.backing.allocate(state.backing, size, alignment);
    if (block == nullptr) {
      return nullptr;
    }
    LargeBlock& large = enter_large_block(state, reinterpret_cast<std::uintptr_t>(block));
    large.alignment = alignment;
    large.record.size = size;
    large.record.description = keep_description(state, state.settings.safety ? description : nullptr);
    large.record.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(alignment));
    large.record.released_depth = 0;
    large.record.allocated_depth =
        state.settings.safety ? stack.copy_to(large.record.frames(), state.settings.stack_frames) : 0;
    large.record.state = BlockState::live;
  }
  return block;
}

void release_large(State& state, std::uintptr_t address, std::size_t size, std::size_t alignment,
                   const CallStack& stack) noexcept {
  const StateLock hold(state);
  LargeBlock* large = large_block_at(state, address);
  if (large == nullptr || (large->record.state != BlockState::live && !state.settings.safety)) {
    if (state.settings.safety) {
      LargeBlock* around = large_block_around(state, address);
      if (around != nullptr && around->record.state == BlockState::live) {
        report_interior_free(state, address, around->address, around->record, stack.view());
        return;
      }
    }
    report_invalid_free(state, address, stack.view());
    return;
  }
  Record& record = large->record;
  if (record.state != BlockState::live) {
    report_double_free(state, address, record, stack.view());
    return;
  }
  if (state.settings.safety && !was_requested_as(record, size, alignment)) {
    report_wrong_size(state, address, record, size, alignment, stack.view());
  }
  return_bytes(state, record.size);
  auto* block = reinterpret_cast<void*>(address);
  if (state.settings.safety) {
    (void)note_release(state, record, stack);
  }
  if (state.settings.never_reuse) {
    if (state.backing.fresh_mappings) {
      platform::forbid_pages(block, record.size);
    }
    return;
  }
  const std::size_t held = record.size;
  const std::size_t held_alignment = large->alignment;
  if (!state.settings.retain_metadata) {
    remove_large_block(state, *large);
  }
  state.backing.release(state.backing, block, held, held_alignment);
}

bool resize_large(State& state, std::uintptr_t address, std::size_t new_size) noexcept {
  const StateLock hold(state);
  LargeBlock* block = large_block_at(state, address);
  if (block == nullptr || block->record.state != BlockState::live ||
      !state.backing.resize(state.backing, reinterpret_cast<void*>(address), block->record.size, new_size,
                            block->alignment)) {
    return false;
  }
  block->record.size = new_size;
  return true;
}

void* remap_large(State& state, std::uintptr_t address, std::size_t new_size) noexcept {
  const StateLock hold(state);
  LargeBlock* block = large_block_at(state, address);
  if (block == nullptr || block->record.state != BlockState::live || !reserve_large_block(state)) {
    return nullptr;
  }
  block = large_block_at(state, address);  // the table may be another one now
  void* moved = state.backing.remap(state.backing, reinterpret_cast<void*>(address), block->record.size,
                                    new_size, block->alignment);
  if (moved == nullptr) {
    return nullptr;
  }
  block->record.size = new_size;
  if (const auto to = reinterpret_cast<std::uintptr_t>(moved); to != address) {
    LargeBlock& entry = enter_large_block(state, to);
    std::memcpy(&entry, block, state.large->stride);
    entry.address = to;
    remove_large_block(state, *block);
  }
  return moved;
}

}  // namespace ar::general_purpose
