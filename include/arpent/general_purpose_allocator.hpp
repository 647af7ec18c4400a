// ar::GeneralPurposeAllocator: any size, any order, and a check of every release.
//
//   ar::GeneralPurposeAllocator<> gpa;                      // memory from page_allocator
//   auto scores = gpa.allocator().alloc<float>(1000, "scores");
//   gpa.allocator().free(*scores);
//   if (gpa.deinit() == ar::Deinit::leak) return 1;         // each leak has been printed, with its stack
//
// With safety, which is the default, these are told on standard error, with the stacks of all that had a part
// in them: leaks, at the end; a double free (allocated, first released, released again), until the block is
// handed out again; the release of a pointer that is no block's start, or no block of this allocator; a
// release with another size or alignment than was asked for; a write to a released block, when the block is
// handed out again or at the end. Wrong releases are ignored, or end the process. A released block of more
// than 32 KiB goes back to the backing allocator at once, so that a use of it faults.
//
// Without safety it is as fast as malloc and checks nothing. Both kinds keep their notes apart from the
// blocks, so that a write past a block never reaches them.
//
// This header needs libarpent-allocators.a, which the CMake target arpent::allocators and `pkg-config
// arpent-allocators` bring along.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "allocator.hpp"
#include "detail/general_purpose_core.hpp"
#include "page_allocator.hpp"

namespace ar {

// What a GeneralPurposeAllocator checks, and what it keeps for that.
struct GeneralPurposeOptions {
  bool safety = true;
  // How many frames of a stack are kept, 0 to 32. Each costs 16 bytes a block, and a little time.
  std::uint32_t stack_frames = 6;
  // May be used by several threads at once. An instance for one thread waits for no lock.
  bool thread_safe = true;
  // Released memory is never handed out again, so that every use of it is found: pages whose blocks are all
  // released, and large blocks, become inaccessible where the backing is page_allocator. Needs safety.
  bool never_reuse = false;
  // What is known of large blocks and empty pages is kept after their release, so that a double free of them
  // is named as such. Needs safety.
  bool retain_metadata = false;
  // Ends the process (SIGABRT) after a wrong release or a write to a released block has been told.
  bool abort_on_misuse = false;
  // Bytes that may be requested and not released at a time.
  std::size_t memory_limit = SIZE_MAX;
};

// What deinit found. Without safety always ok: nothing is known then.
enum class Deinit : unsigned char { ok, leak };

// Neither copied nor moved: Allocators refer to it.
template <GeneralPurposeOptions options = {}>
class GeneralPurposeAllocator {
  static_assert(options.stack_frames <= 32, "GeneralPurposeOptions::stack_frames: at most 32");
  static_assert(options.safety || (!options.never_reuse && !options.retain_metadata),
                "GeneralPurposeOptions: never_reuse and retain_metadata need safety");

 public:
  GeneralPurposeAllocator() noexcept : GeneralPurposeAllocator(page_allocator) {}

  // All memory, that of its own notes too, comes from `backing`, which must outlive it and, if this one is
  // thread-safe, need not be: it is called by one thread at a time. Pages of 64 and 256 KiB, aligned to 64
  // KiB, and blocks of more than 32 KiB are asked for. Each thread has pages of its own for each size.
  explicit GeneralPurposeAllocator(Allocator backing) noexcept
      : core_({.safety = options.safety,
               .thread_safe = options.thread_safe,
               .never_reuse = options.never_reuse,
               .retain_metadata = options.retain_metadata,
               .abort_on_misuse = options.abort_on_misuse,
               .stack_frames = options.stack_frames,
               .memory_limit = options.memory_limit},
              core_backing(backing)) {}

  // As deinit.
  ~GeneralPurposeAllocator() = default;
  GeneralPurposeAllocator(const GeneralPurposeAllocator&) = delete;
  GeneralPurposeAllocator& operator=(const GeneralPurposeAllocator&) = delete;

  // Valid as long as this is.
  [[nodiscard]] Allocator allocator() noexcept { return Allocator::of(*this); }

  // Prints all leaks, those of one stack together, and gives all memory back: blocks that were not released
  // are gone too. After that it is as new. Not while another thread uses it.
  Deinit deinit() noexcept { return core_.end() ? Deinit::ok : Deinit::leak; }

  // Whether the pointer is into memory of this allocator: a block, live or released, or what lies between.
  [[nodiscard]] bool owns_ptr(const void* pointer) const noexcept { return core_.owns(pointer); }

  // Bytes requested and not released; counted only where there is a memory limit, else 0.
  [[nodiscard]] std::size_t requested_bytes() const noexcept { return core_.requested_bytes(); }

  // Always inlined, or without optimisation each would take a frame of every stack.
  [[nodiscard, gnu::always_inline]] void* raw_alloc(
      std::size_t size, std::size_t alignment, [[maybe_unused]] const Description& description) noexcept {
    if constexpr (!options.safety) {
      return core_.allocate_unchecked(size, alignment);
    } else {
      return core_.allocate(size, alignment, description.text());
    }
  }
  [[nodiscard, gnu::always_inline]] bool raw_resize(void* block, std::size_t size, std::size_t alignment,
                                                    std::size_t new_size, const Description&) noexcept {
    return core_.resize(block, size, new_size, alignment);
  }
  [[nodiscard, gnu::always_inline]] void* raw_remap(void* block, std::size_t size, std::size_t alignment,
                                                    std::size_t new_size, const Description&) noexcept {
    return core_.remap(block, size, new_size, alignment);
  }
  [[gnu::always_inline]] void raw_free(void* block, std::size_t size, std::size_t alignment,
                                       const Description&) noexcept {
    if constexpr (!options.safety) {
      core_.release_unchecked(block, size, alignment);
    } else {
      core_.release(block, size, alignment);
    }
  }

 private:
  using Backing = detail::general_purpose::Backing;

  static Allocator backing_of(const Backing& backing) noexcept {
    return std::bit_cast<Allocator>(backing.context);
  }
  static constexpr const char* use = "general purpose allocator";

  static Backing core_backing(Allocator backing) noexcept {
    static_assert(sizeof(Backing::context) == sizeof(Allocator));
    Backing made{
        .context = {},
        .allocate = [](const Backing& from, std::size_t size, std::size_t alignment) noexcept -> void* {
          return backing_of(from).raw_alloc(size, alignment, use);
        },
        .resize = [](const Backing& from, void* block, std::size_t old_size, std::size_t new_size,
                     std::size_t alignment) noexcept -> bool {
          return backing_of(from).raw_resize(block, old_size, alignment, new_size, use);
        },
        .remap = [](const Backing& from, void* block, std::size_t old_size, std::size_t new_size,
                    std::size_t alignment) noexcept -> void* {
          return backing_of(from).raw_remap(block, old_size, alignment, new_size, use);
        },
        .release =
            [](const Backing& to, void* block, std::size_t size, std::size_t alignment) noexcept {
              backing_of(to).raw_free(block, size, alignment, use);
            },
        .fresh_mappings = backing == page_allocator,
    };
    std::memcpy(made.context, &backing, sizeof backing);
    return made;
  }

  detail::general_purpose::Core core_;
};

}  // namespace ar
