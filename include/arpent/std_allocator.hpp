// ar::StdAllocator<T>: an ar::Allocator for the standard containers.
//
//   std::vector<int, ar::StdAllocator<int>> scores{arena.allocator()};
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <source_location>
#include <type_traits>

#include "allocator.hpp"

namespace ar {

namespace detail {

// How those that cannot return an error say that there is no memory.
[[noreturn]] inline void throw_bad_alloc() {
#ifdef __cpp_exceptions
  throw std::bad_alloc{};
#else
  misuse("out of memory, in a program without exceptions");
#endif
}
[[noreturn]] inline void throw_bad_array_length() {
#ifdef __cpp_exceptions
  throw std::bad_array_new_length{};
#else
  misuse("a container's size overflows, in a program without exceptions");
#endif
}

// The place of calls that come from within the library: none, so that the user's is looked for.
inline constexpr Description no_place{nullptr, std::source_location{}};

}  // namespace detail

// What a container allocates with; as long as it lives, so must the Allocator's context. Throws
// std::bad_alloc, and std::bad_array_new_length when a size overflows; without exceptions it ends the process
// instead. A container that is moved or swapped takes the allocator along; one that is copied to keeps its
// own; a copy that is constructed shares its original's. Calls have no place and no description: give them
// one with a NamedAllocator.
template <class T>
class StdAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using is_always_equal = std::false_type;

  // NOLINTNEXTLINE(google-explicit-constructor): a container is made from an Allocator
  constexpr StdAllocator(Allocator allocator) noexcept : allocator_(allocator) {}
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): as the standard requires
  constexpr StdAllocator(const StdAllocator<U>& other) noexcept : allocator_(other.allocator()) {}

  [[nodiscard]] constexpr Allocator allocator() const noexcept { return allocator_; }

  // Room for `count` objects of type T. Never null, except for no objects.
  [[nodiscard]] T* allocate(std::size_t count) {
    if (count == 0) {
      return nullptr;
    }
    if (count > detail::largest_size / sizeof(T)) {
      detail::throw_bad_array_length();
    }
    void* const block = allocator_.raw_alloc(count * sizeof(T), alignof(T), detail::no_place);
    if (block == nullptr) {
      detail::throw_bad_alloc();
    }
    return static_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (count != 0) {
      allocator_.raw_free(block, count * sizeof(T), alignof(T), detail::no_place);
    }
  }

  template <class U>
  [[nodiscard]] friend constexpr bool operator==(const StdAllocator& left,
                                                 const StdAllocator<U>& right) noexcept {
    return left.allocator() == right.allocator();
  }

 private:
  Allocator allocator_;
};

}  // namespace ar
