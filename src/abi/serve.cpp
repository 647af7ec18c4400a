#include "abi/serve.hpp"

#include <cerrno>
#include <cstring>

#include "track/region/mode.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/recorders.hpp"

namespace ar::abi {

void* serve_slow(std::size_t size, std::uintptr_t caller, track::Family family) noexcept {
  tell_watch(caller);
  const heap::Allocated made = heap::allocate_slow(size);
  if (made.block == nullptr) {
    errno = ENOMEM;
    return nullptr;
  }
  note(made, size, caller, family);  // the process's first allocation has only now started the tracking
  return made.block;
}

namespace {

// The ordinary course of serve_tracked and take_back_tracked calls nothing: whatever else there is to do,
// they jump to one of these.

[[gnu::noinline]] void* flush_and_give(track::Recorder& recorder, void* block) noexcept {
  track::flush_balance(recorder, 0);
  return block;
}

[[gnu::noinline]] void* serve_tracked_slow(std::size_t size, std::uintptr_t caller, track::Family family,
                                           heap::Allocated made) noexcept {
  if (made.block == nullptr) {
    tell_watch(caller);
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
    return flush_and_give(*recorder, made.block);
  }
  return made.block;
}

[[gnu::noinline]] void take_back_slow(void* pointer, std::uintptr_t caller, std::uint32_t families) noexcept {
  heap::Page* page = heap::page_of(pointer);
  if (page == nullptr) {
    release_foreign(pointer, caller);
    return;
  }
  const track::RecordedFree released = track::record_free(page, pointer, caller, families);
  if (released.kind == track::FreeKind::ordinary || settle_release(released, pointer, caller, families)) {
    heap::release(page, pointer);
  }
}

}  // namespace

#ifdef __x86_64__
extern "C" {
// serve_tracked where it takes more than the call site, at which it arrives by a jump: the registers and the
// stack are still as the user's call has left them. They go into an UnwindContext of the calling function, so
// that this library's own frames need not be unwound. Where the compiler has not made it a jump, the return
// address tells.
void* arpent_serve_with_stack(std::size_t size, std::uintptr_t caller, track::Family family) noexcept;

[[gnu::visibility("hidden")]] void* arpent_serve_in_context(std::size_t size, std::uintptr_t caller,
                                                            track::Family family,
                                                            const track::UnwindContext& from) noexcept {
  const heap::Allocated made = heap::allocate_fast(size);
  track::Recorder* recorder = track::current_recorder();
  if (made.block == nullptr || recorder == nullptr) [[unlikely]] {
    return serve_tracked_slow(size, caller, family, made);
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

[[gnu::visibility("hidden")]] void* arpent_serve_without_context(std::size_t size, std::uintptr_t caller,
                                                                 track::Family family) noexcept {
  return serve_tracked_slow(size, caller, family, {nullptr, nullptr});
}
}

static_assert(sizeof(track::UnwindContext) == 64);
asm(R"(
  .text
  .hidden arpent_serve_with_stack
  .type arpent_serve_with_stack, @function
arpent_serve_with_stack:
  .cfi_startproc
  cmpq (%rsp), %rsi
  jne arpent_serve_without_context
  subq $72, %rsp
  .cfi_adjust_cfa_offset 72
  leaq -1(%rsi), %rax
  movq %rax, 0(%rsp)
  leaq 80(%rsp), %rax
  movq %rax, 8(%rsp)
  movq %rbp, 16(%rsp)
  movq %rbx, 24(%rsp)
  movq %r12, 32(%rsp)
  movq %r13, 40(%rsp)
  movq %r14, 48(%rsp)
  movq %r15, 56(%rsp)
  movq %rsp, %rcx
  call arpent_serve_in_context
  addq $72, %rsp
  .cfi_adjust_cfa_offset -72
  ret
  .cfi_endproc
  .size arpent_serve_with_stack, . - arpent_serve_with_stack
)");
#else
static void* arpent_serve_with_stack(std::size_t size, std::uintptr_t caller, track::Family family) noexcept {
  return serve_tracked_slow(size, caller, family, {nullptr, nullptr});
}
#endif

template <track::Family family>
void* serve_tracked(std::size_t size, std::uintptr_t caller) noexcept {
  if (track::recording() != track::Recording::sites) {
    return arpent_serve_with_stack(size, caller, family);
  }
  const heap::Allocated made = heap::allocate_fast(size);
  track::Recorder* recorder = track::current_recorder();
  track::SiteCounters site;
  if (made.block == nullptr || recorder == nullptr ||
      !track::find_cached_site(*recorder, caller, family, site)) [[unlikely]] {
    return serve_tracked_slow(size, caller, family, made);
  }
  if (size > heap::largest_direct_size) {
    __builtin_unreachable();  // allocate_fast has no such blocks
  }
  if (!track::record_allocation_fast(*recorder, made.page, made.block, size, site)) [[unlikely]] {
    return flush_and_give(*recorder, made.block);
  }
  return made.block;
}

template <std::uint32_t families>
void take_back_tracked(void* pointer, std::uintptr_t caller) noexcept {
  heap::Page* page = heap::page_of(pointer);
  track::Recorder* recorder = track::current_recorder();
  if (page == nullptr || recorder == nullptr ||
      !track::record_free_fast(*recorder, page, pointer, caller, families)) [[unlikely]] {
    take_back_slow(pointer, caller, families);
    return;
  }
  heap::release(page, pointer);
}

template void* serve_tracked<track::Family::malloc_family>(std::size_t, std::uintptr_t) noexcept;
template void* serve_tracked<track::Family::new_object>(std::size_t, std::uintptr_t) noexcept;
template void* serve_tracked<track::Family::new_array>(std::size_t, std::uintptr_t) noexcept;
template void take_back_tracked<released_by_free>(void*, std::uintptr_t) noexcept;
template void take_back_tracked<released_by_delete>(void*, std::uintptr_t) noexcept;
template void take_back_tracked<released_by_delete_array>(void*, std::uintptr_t) noexcept;

void clear(const heap::Allocated& made, std::size_t size) noexcept {
  if (made.page->state.load(std::memory_order_relaxed) == heap::PageState::one_block && made.page->fresh) {
    return;
  }
  std::memset(made.block, 0, size);
}

void* serve_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller,
                   track::Family family) noexcept {
  tell_watch(caller);
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    return nullptr;
  }
  const heap::Allocated made = heap::allocate(total);
  if (made.block != nullptr) {
    clear(made, total);
    note(made, total, caller, family);
  }
  return made.block;
}

}  // namespace ar::abi
