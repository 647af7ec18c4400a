// Between ar::Allocator and std::pmr::memory_resource, both ways.
//
//   ar::PmrResource resource{arena.allocator()};
//   std::pmr::vector<int> scores{&resource};
//
//   std::pmr::monotonic_buffer_resource theirs;
//   auto name = ar::from_pmr(theirs).dupe_z("name");
#pragma once

#include <cstddef>
#include <memory_resource>

#include "allocator.hpp"
#include "std_allocator.hpp"

namespace ar {

// An Allocator as a memory resource. Throws std::bad_alloc where there is no memory; without exceptions it
// ends the process instead. Equal to another PmrResource of the same Allocator. As safe for several threads
// as the Allocator.
class PmrResource final : public std::pmr::memory_resource {
 public:
  // What the Allocator refers to must outlive the resource.
  explicit PmrResource(Allocator allocator) noexcept : allocator_(allocator) {}

  [[nodiscard]] Allocator allocator() const noexcept { return allocator_; }

 private:
  // A memory resource may be asked for nothing, and then has to give something.
  static constexpr std::size_t at_least_one(std::size_t size) noexcept { return size == 0 ? 1 : size; }

  void* do_allocate(std::size_t size, std::size_t alignment) override {
    if (size > detail::largest_size || alignment > detail::largest_alignment) {
      detail::throw_bad_alloc();
    }
    void* const block = allocator_.raw_alloc(at_least_one(size), alignment, detail::no_place);
    if (block == nullptr) {
      detail::throw_bad_alloc();
    }
    return block;
  }
  void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
    allocator_.raw_free(block, at_least_one(size), alignment, detail::no_place);
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    if (this == &other) {
      return true;
    }
#ifdef __GXX_RTTI
    const auto* const same_kind = dynamic_cast<const PmrResource*>(&other);
    return same_kind != nullptr && same_kind->allocator_ == allocator_;
#else
    return false;
#endif
  }

  Allocator allocator_;
};

namespace detail {

// The functions behind from_pmr. Sizes are rounded up to whole alignments: the pools of libstdc++ 12 choose a
// place by the size alone, and misalign a block whose size is no multiple of its alignment.
struct PmrTable {
  static std::pmr::memory_resource& resource(void* self) noexcept {
    return *static_cast<std::pmr::memory_resource*>(self);
  }
  static constexpr std::size_t rounded_up(std::size_t size, std::size_t alignment) noexcept {
    return (size + alignment - 1) & ~(alignment - 1);
  }

  static void* alloc(void* self, std::size_t size, std::size_t alignment, Description) noexcept {
#ifdef __cpp_exceptions
    try {
      return resource(self).allocate(rounded_up(size, alignment), alignment);
    } catch (...) {
      return nullptr;
    }
#else
    return resource(self).allocate(rounded_up(size, alignment), alignment);
#endif
  }
  // Whole alignments are the same block.
  static bool resize(void*, void*, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description) noexcept {
    return rounded_up(size, alignment) == rounded_up(new_size, alignment);
  }
  static void* remap(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return resize(self, block, size, alignment, new_size, description) ? block : nullptr;
  }
  static void free(void* self, void* block, std::size_t size, std::size_t alignment, Description) noexcept {
    resource(self).deallocate(block, rounded_up(size, alignment), alignment);
  }

  static constexpr Allocator::Table table{&alloc, &resize, &remap, &free};
};

}  // namespace detail

// A memory resource as an Allocator; the resource must outlive it. Whatever the resource throws is
// Error::out_of_memory. Blocks keep their place only within a multiple of their alignment:
// memory resources have no function to resize.
[[nodiscard]] constexpr Allocator from_pmr(std::pmr::memory_resource& resource) noexcept {
  return {&resource, &detail::PmrTable::table};
}

}  // namespace ar
