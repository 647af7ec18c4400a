#include "abi/allocate.hpp"

#include <cerrno>
#include <cstring>

#include "abi/copies.hpp"
#include "abi/early_blocks.hpp"
#include "platform/relocation.hpp"
#include "track/region/mode.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/recorders.hpp"

namespace ar::abi {

void* allocate_elsewhere(std::size_t size, std::size_t alignment, std::uintptr_t caller,
                         track::Family family) noexcept {
  if (!platform::is_relocated()) {
    return allocate_early(size, alignment);
  }
  const Calls* const other = other_copy();
  return other == nullptr ? nullptr : other->allocate(size, alignment, caller, family);
}

void set_out_of_memory() noexcept {
  if (platform::is_relocated()) {
    errno = ENOMEM;
  }
}

namespace {

// Apart and called last, so that the paths which lead here keep no register for their sake.
[[gnu::cold, gnu::noinline]] void* allocate_elsewhere_or_fail(std::size_t size, std::uintptr_t caller,
                                                              track::Family family) noexcept {
  return or_out_of_memory(allocate_elsewhere(size, heap::granularity, caller, family));
}

[[gnu::cold, gnu::noinline]] void* allocate_zeroed_elsewhere(std::size_t size,
                                                             std::uintptr_t caller) noexcept {
  if (!platform::is_relocated()) {
    return allocate_early(size, heap::granularity);
  }
  const Calls* const other = other_copy();
  return other == nullptr ? nullptr : other->allocate_zeroed(1, size, caller);
}

}  // namespace

template <track::Family family>
void* allocate_slow(std::size_t size, std::uintptr_t caller) noexcept {
  notify_heap_watch(caller);
  const heap::Allocated made = heap::allocate_slow(size);
  if (made.block == nullptr) {
    return allocate_elsewhere_or_fail(size, caller, family);
  }
  record(made, size, caller, family);  // the process's first allocation has only now started the tracking
  return made.block;
}

template void* allocate_slow<track::Family::malloc_family>(std::size_t, std::uintptr_t) noexcept;
template void* allocate_slow<track::Family::new_object>(std::size_t, std::uintptr_t) noexcept;
template void* allocate_slow<track::Family::new_array>(std::size_t, std::uintptr_t) noexcept;

namespace {

// The ordinary course of allocate_tracked calls nothing: whatever else there is to do, it jumps to one of
// these.

[[gnu::noinline]] void* flush_and_return(track::Recorder& recorder, void* block) noexcept {
  track::flush_balance(recorder, 0);
  return block;
}

[[gnu::noinline]] void* allocate_tracked_slow(std::size_t size, std::uintptr_t caller, track::Family family,
                                              heap::Allocated made) noexcept {
  if (made.block == nullptr) {
    notify_heap_watch(caller);
    made = heap::allocate_slow(size);
    if (made.block == nullptr) {
      errno = ENOMEM;
      return nullptr;
    }
  }
  track::Recorder* recorder = track::current_recorder();
  track::SiteCounters site;
  if (recorder == nullptr || track::recording() != track::Recording::sites ||
      !track::find_cached_site(*recorder, caller, family, site)) {
    track::record_allocation(made.page, made.block, size, caller, family);
  } else if (!track::record_allocation_fast(*recorder, made.page, made.block, size, site)) {
    return flush_and_return(*recorder, made.block);
  }
  return made.block;
}

}  // namespace

#ifdef __x86_64__
static_assert(sizeof(unwind::Context) == 64);  // as allocate_with_stack.S fills it

extern "C" {
// allocate_tracked if it takes more than the call site (allocate_with_stack.S). It arrives there by a jump:
// the registers and the stack are still as the user's call has left them. They go into an unwind::Context of
// the calling function, so that this library's own frames need not be unwound. If the compiler did not make
// it a jump, the return address differs from the caller, and there is no context.
[[gnu::visibility("hidden")]] void* arpent_allocate_with_stack(std::size_t size, std::uintptr_t caller,
                                                               track::Family family) noexcept;

[[gnu::visibility("hidden")]] void* arpent_allocate_in_context(std::size_t size, std::uintptr_t caller,
                                                               track::Family family,
                                                               const unwind::Context& from) noexcept {
  const heap::Allocated made = heap::allocate_fast(size);
  track::Recorder* recorder = track::current_recorder();
  if (made.block == nullptr || recorder == nullptr) [[unlikely]] {
    return allocate_tracked_slow(size, caller, family, made);
  }
  if (size > heap::largest_direct_size) {
    __builtin_unreachable();  // allocate_fast has no such blocks
  }
  const bool is_entered =
      track::recording() == track::Recording::stacks
          ? track::record_allocation_sampling(
                *recorder, made.page, made.block, size,
                track::site_of_stack(*recorder, track::take_stack(recorder->stack_memory, from, caller),
                                     family))
          : track::record_allocation_fast(*recorder, made.page, made.block, size,
                                          track::unrecorded_site(*recorder, family));
  if (!is_entered) [[unlikely]] {
    track::flush_balance(*recorder, 0);
  }
  return made.block;
}

[[gnu::visibility("hidden")]] void* arpent_allocate_without_context(std::size_t size, std::uintptr_t caller,
                                                                    track::Family family) noexcept {
  return allocate_tracked_slow(size, caller, family, {nullptr, nullptr});
}
}
#else
static void* arpent_allocate_with_stack(std::size_t size, std::uintptr_t caller,
                                        track::Family family) noexcept {
  return allocate_tracked_slow(size, caller, family, {nullptr, nullptr});
}
#endif

template <track::Family family>
void* allocate_tracked(std::size_t size, std::uintptr_t caller) noexcept {
  if (track::recording() != track::Recording::sites) {
    return arpent_allocate_with_stack(size, caller, family);
  }
  const heap::Allocated made = heap::allocate_fast(size);
  track::Recorder* recorder = track::current_recorder();
  track::SiteCounters site;
  if (made.block == nullptr || recorder == nullptr ||
      !track::find_cached_site(*recorder, caller, family, site)) [[unlikely]] {
    return allocate_tracked_slow(size, caller, family, made);
  }
  if (size > heap::largest_direct_size) {
    __builtin_unreachable();  // allocate_fast has no such blocks
  }
  if (!track::record_allocation_fast(*recorder, made.page, made.block, size, site)) [[unlikely]] {
    return flush_and_return(*recorder, made.block);
  }
  return made.block;
}

template void* allocate_tracked<track::Family::malloc_family>(std::size_t, std::uintptr_t) noexcept;
template void* allocate_tracked<track::Family::new_object>(std::size_t, std::uintptr_t) noexcept;
template void* allocate_tracked<track::Family::new_array>(std::size_t, std::uintptr_t) noexcept;

void clear(const heap::Allocated& made, std::size_t size) noexcept {
  if (made.page->state.load(std::memory_order_relaxed) == heap::PageState::one_block && made.page->fresh) {
    return;
  }
  std::memset(made.block, 0, size);
}

void* allocate_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller) noexcept {
  notify_heap_watch(caller);
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    return nullptr;
  }
  const heap::Allocated made = heap::allocate(total);
  if (made.block == nullptr) [[unlikely]] {
    return allocate_zeroed_elsewhere(total, caller);
  }
  clear(made, total);
  record(made, total, caller, track::Family::malloc_family);
  return made.block;
}

}  // namespace ar::abi
