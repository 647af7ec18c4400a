#include "general_purpose/lifetime.hpp"

#include "general_purpose/descriptions.hpp"
#include "general_purpose/directory.hpp"
#include "general_purpose/large_table.hpp"
#include "general_purpose/pages.hpp"
#include "general_purpose/poison.hpp"
#include "general_purpose/reports.hpp"
#include "general_purpose/thread_heaps.hpp"

namespace ar::general_purpose {

namespace {

template <typename Visit>
void for_each_record(const State& state, Visit visit) noexcept {
  for_each_page(state, [&](const Page* page) {
    for (std::size_t i = 0; i < page->block_count; ++i) {
      visit(page->block(i), page->block_size, page->record(i));
    }
  });
}

}  // namespace

State* make_state(const Settings& settings, const Backing& backing, State*& place) noexcept {
  auto* made = static_cast<State*>(take_own(backing, sizeof(State)));
  if (made == nullptr) {
    return __atomic_load_n(&place, __ATOMIC_ACQUIRE);
  }
  made->settings = settings;
  made->backing = backing;
  make_source(*made);
  enter_instance(*made);
  State* before = nullptr;
  if (!__atomic_compare_exchange_n(&place, &before, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    remove_instance(*made);
    give_own(backing, made, sizeof(State));
    return before;
  }
  return made;
}

bool check_at_end(State& state) noexcept {
  std::size_t count = 0;
  for_each_record(state, [&](std::uintptr_t block, std::size_t size, const Record& record) {
    if (record.state == BlockState::live) {
      ++count;
    } else if (record.state == BlockState::freed && !state.settings.never_reuse) {
      check_poison(state, block, size, record);
    }
  });
  for_each_large_block(
      state, [&](const LargeBlock& block) { count += block.record.state == BlockState::live ? 1 : 0; });
  if (count == 0) {
    return true;
  }
  auto* leaks = static_cast<Leak*>(take_own(state, count * sizeof(Leak)));
  std::size_t filled = 0;
  const auto add = [&](const Leak& leak) noexcept {
    if (leaks == nullptr) {
      report_leak(state, leak);
    } else {
      leaks[filled++] = leak;
    }
  };
  for_each_record(state, [&](std::uintptr_t block, std::size_t, const Record& record) {
    if (record.state == BlockState::live) {
      add({block, &record});
    }
  });
  for_each_large_block(state, [&](const LargeBlock& block) {
    if (block.record.state == BlockState::live) {
      add({block.address, &block.record});
    }
  });
  if (leaks != nullptr) {
    report_leaks(state, leaks, count);
    give_own(state, leaks, count * sizeof(Leak));
  }
  return false;
}

void release_everything(State& state) noexcept {
  for_each_large_block(state, [&](const LargeBlock& block) {
    if (block.record.state == BlockState::live || state.settings.never_reuse) {
      state.backing.release(state.backing, reinterpret_cast<void*>(block.address), block.record.size,
                            block.alignment);
    }
  });
  release_pages(state);
  release_directory(state);
  release_large_table(state);
  release_heaps(state);
  release_descriptions(state);
  const Backing backing = state.backing;
  give_own(backing, &state, sizeof(State));
}

}  // namespace ar::general_purpose
