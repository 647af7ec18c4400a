// ar::Allocator: where memory comes from, as a parameter. For C++23.
//
//   std::expected<std::span<float>, ar::Error> infer(std::span<const float> input, ar::Allocator scratch,
//                                                    ar::Allocator result) {
//     const auto partial = scratch.alloc<float>(input.size(), "partial sums");
//     if (!partial) return std::unexpected(partial.error());
//     …
//   }
//
// A function that needs memory takes an Allocator, and its caller decides. An Allocator is two words, copied
// freely; it refers to something that has the memory (an arena, a pool, a budget) and must outlive it.
// Nothing here differs between tracked and untracked translation units.
//
// What all methods have in common:
//   Results      std::expected; nothing throws but the constructors of your own types, and then the block has
//                been given back. On failure what was there before is as it was.
//   Sizes        counts of items; alignments are bytes. A request of no items gives an empty span without
//                data, asks nobody and cannot fail. One whose size in bytes overflows, or passes PTRDIFF_MAX,
//                is Error::out_of_memory, and asks nobody either.
//   Alignment    of T, whatever it is; aligned_alloc takes more, and so do the others with an ar::Alignment.
//   Types        Arrays are as new T[n] and delete[]: alloc default-constructs each item, so trivial ones are
//                not initialised and a type without default constructor does not compile; free destroys each.
//                What moves or zeroes bytes (alloc_zeroed, alloc_sentinel, resize, remap, realloc) is for
//                trivial types only. Misuse that can be seen by type does not compile, with one line that
//                says what to do.
//   Description  optional, and travels with the place of the call, by itself, to whoever serves it.
//   Threads      an Allocator may be used by several threads at once when what it refers to may.
#pragma once

#if !defined(__cplusplus) || __cplusplus <= 202002L
#error "<arpent/allocator.hpp> needs C++23 (-std=c++23)"
#endif

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "description.hpp"
#include "detail/allocator_rules.hpp"
#include "detail/type_rules.hpp"
#include "sentinel_span.hpp"

#ifndef __cpp_lib_expected
#error "<arpent/allocator.hpp> needs std::expected: g++ 12 or later, or clang 19 or later with its library"
#endif

namespace ar {

// Why an allocator did not do what it was asked for.
enum class Error : unsigned char {
  out_of_memory,  // no such block can be had, or its size overflows
  not_in_place,   // resize and remap: the block cannot have that size without being copied
  bad_alignment,  // the alignment is no power of two
};

// The error in words, without a full stop. Never released.
[[nodiscard]] constexpr const char* message(Error error) noexcept {
  switch (error) {
    case Error::out_of_memory:
      return "out of memory";
    case Error::not_in_place:
      return "the block cannot have that size without being copied";
    case Error::bad_alignment:
      return "the alignment is no power of two";
  }
  return "unknown error";
}

// An alignment in bytes, a power of two. A type of its own, so that it is never taken for a count.
struct Alignment {
  std::size_t bytes;
  constexpr explicit Alignment(std::size_t given_bytes) noexcept : bytes(given_bytes) {}
};

// What a class needs to be an allocator: the four functions that Allocator::Table describes, as noexcept
// members.
template <class Class>
concept AllocatorImplementation =
    requires(Class& allocator, void* block, std::size_t number, const Description& description) {
      { allocator.raw_alloc(number, number, description) } noexcept -> std::same_as<void*>;
      { allocator.raw_resize(block, number, number, number, description) } noexcept -> std::same_as<bool>;
      { allocator.raw_remap(block, number, number, number, description) } noexcept -> std::same_as<void*>;
      { allocator.raw_free(block, number, number, description) } noexcept -> std::same_as<void>;
    };

namespace detail {

// No object is larger: the difference of two pointers into it must be a ptrdiff_t.
inline constexpr std::size_t largest_size = PTRDIFF_MAX;
inline constexpr std::size_t largest_alignment = largest_size / 2 + 1;

// A mistake of the caller's after which nothing is certain: says so and ends the process.
[[noreturn, gnu::cold, gnu::noinline]] inline void misuse(const char* what) noexcept {
  std::fprintf(stderr, "arpent: %s\n", what);
  std::abort();
}

[[nodiscard]] inline std::uintptr_t address_of(const void* pointer) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// How many bytes lie between an address and the next multiple of an alignment.
[[nodiscard]] constexpr std::size_t padding_to(std::uintptr_t address, std::size_t alignment) noexcept {
  return (0 - address) & (alignment - 1);
}

// The first multiple of an alignment from an address on. Neither this nor a size added to it overflows:
// addresses lie below 2^62, alignments reach that, sizes 2^63.
[[nodiscard]] constexpr std::uintptr_t aligned_up(std::uintptr_t address, std::size_t alignment) noexcept {
  return (address + alignment - 1) & ~(alignment - 1);
}

}  // namespace detail

// Where memory comes from: two words, passed by value. What it refers to must outlive it; null_allocator has
// none.
//
// Most methods are always inlined: only then does g++ know the table early enough to put the function behind
// it in place as well. Behind a table that is not known they are as small as a call.
class [[nodiscard]] Allocator {
 public:
  // The functions behind an Allocator; `self` is its context. Called with sizes from 1 to PTRDIFF_MAX bytes
  // and alignments that are powers of two up to PTRDIFF_MAX / 2 + 1, so the sum of two such never overflows.
  // `size` and `alignment` of a block are those it was last given. The description arrives in registers: two
  // words that cost a load each where it is used, and nothing where the call is inlined.
  struct Table {
    // A block of `size` bytes at a multiple of `alignment`, not initialised; or null.
    void* (*alloc)(void* self, std::size_t size, std::size_t alignment, Description description) noexcept;
    // Gives the block another size where it is; false when that cannot be, and then nothing has changed.
    bool (*resize)(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                   Description description) noexcept;
    // Gives the block another size and perhaps another place, where that costs less than copying it; null
    // when it does not, and then nothing has changed.
    void* (*remap)(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                   Description description) noexcept;
    // Takes the block back. Never null.
    void (*free)(void* self, void* block, std::size_t size, std::size_t alignment,
                 Description description) noexcept;
  };

  // From a context and a table, which must both outlive the Allocator; the table must be a constant for calls
  // to be inlined. Not null.
  constexpr Allocator(void* self, const Table* table) noexcept : self_(self), table_(table) {}

  // The interface of an object of any class that has the four functions, which must outlive it.
  template <AllocatorImplementation Class>
  [[nodiscard, gnu::always_inline]] static constexpr Allocator of(Class& object) noexcept;

  // ----- one object -----

  // One object, constructed from the arguments (value-initialised without any). The description comes first,
  // as in ar::create, and may be null. Ends with destroy.
  template <class T, class... Arguments>
  [[nodiscard, gnu::always_inline]] std::expected<std::add_pointer_t<T>, Error> create(
      Description description, Arguments&&... arguments) const
      noexcept(std::is_nothrow_constructible_v<T, Arguments...>);
  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<std::add_pointer_t<T>, Error> create(
      Description description = {nullptr, std::source_location::current()}) const
      noexcept(std::is_nothrow_constructible_v<T>) {
    return create_from<T>(description);
  }

  // Ends an object that create made. Null does nothing. The pointer must be of the type that was created,
  // since its size is what the block is given back with; a pointer to a base class, where run-time type
  // information is on, ends the process with a line that says so.
  template <class Pointer>
  [[gnu::always_inline]] void destroy(const Pointer& object,
                                      Description description = {
                                          nullptr, std::source_location::current()}) const noexcept;

  // ----- arrays -----

  // `count` items, default-constructed: trivial ones are not initialised. Ends with free.
  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<std::span<detail::Item<T>>, Error> alloc(
      std::size_t count, Description description = {nullptr, std::source_location::current()}) const
      noexcept(std::is_nothrow_default_constructible_v<T>) {
    return alloc_at_least_aligned<T>(1, count, description);
  }

  // `count` items, all zero bits. Ends with free.
  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<std::span<detail::Item<T>>, Error> alloc_zeroed(
      std::size_t count, Description description = {nullptr, std::source_location::current()}) const noexcept;

  // As alloc, at a multiple of `alignment` bytes, or of T's if that is more. Ends with free(items,
  // alignment).
  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<std::span<detail::Item<T>>, Error> aligned_alloc(
      Alignment alignment, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const
      noexcept(std::is_nothrow_default_constructible_v<T>) {
    return alloc_at_least_aligned<T>(alignment.bytes, count, description);
  }

  // `count` items, not initialised, and then the sentinel, also for no items. Ends with free.
  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<SentinelSpan<T>, Error> alloc_sentinel(
      std::size_t count, std::type_identity_t<T> sentinel,
      Description description = {nullptr, std::source_location::current()}) const noexcept;

  // The same items where they are, now `count`; those that are new are not initialised. No items: as free.
  // Error::not_in_place, also for an empty span, when it cannot be; then they are as they were.
  template <class Items>
  [[nodiscard, gnu::always_inline]] std::expected<Items, Error> resize(
      const Items& items, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const noexcept {
    return resize(items, Alignment{1}, count, description);
  }
  template <class Items>
  [[nodiscard, gnu::always_inline]] std::expected<Items, Error> resize(
      const Items& items, Alignment alignment, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const noexcept;

  // As resize, but the items may have moved, where the allocator can do so without copying them.
  template <class Items>
  [[nodiscard, gnu::always_inline]] std::expected<Items, Error> remap(
      const Items& items, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const noexcept {
    return remap(items, Alignment{1}, count, description);
  }
  template <class Items>
  [[nodiscard, gnu::always_inline]] std::expected<Items, Error> remap(
      const Items& items, Alignment alignment, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const noexcept;

  // As remap, and copies them to a new block where there is no other way. An empty span is allocated.
  template <class Items>
  [[nodiscard]] std::expected<Items, Error> realloc(const Items& items, std::size_t count,
                                                    Description description = {
                                                        nullptr,
                                                        std::source_location::current()}) const noexcept {
    return realloc(items, Alignment{1}, count, description);
  }
  template <class Items>
  [[nodiscard]] std::expected<Items, Error> realloc(
      const Items& items, Alignment alignment, std::size_t count,
      Description description = {nullptr, std::source_location::current()}) const noexcept;

  // Destroys the items and releases them. A span of const will do. An empty one does nothing.
  template <class Items>
  [[gnu::always_inline]] void free(const Items& items,
                                   Description description = {
                                       nullptr, std::source_location::current()}) const noexcept {
    free(items, Alignment{1}, description);
  }
  template <class Items>
  [[gnu::always_inline]] void free(const Items& items, Alignment alignment,
                                   Description description = {
                                       nullptr, std::source_location::current()}) const noexcept;

  // ----- copies -----

  // A copy of items that lie in one piece: a span, a vector, a std::string_view. Ends with free.
  template <class Items>
  [[nodiscard]] auto dupe(const Items& items,
                          Description description = {nullptr, std::source_location::current()}) const
      -> std::expected<std::span<std::remove_cvref_t<decltype(*std::ranges::data(items))>>, Error>;

  // A NUL-terminated copy of any string that ar::dupe takes; null gives the empty SentinelSpan without data.
  // Ends with free.
  template <class String>
  [[nodiscard]] std::expected<SentinelSpan<char>, Error> dupe_z(
      const String& string,
      Description description = {nullptr, std::source_location::current()}) const noexcept;

  // ----- bytes: for those who build allocators and containers -----

  // As Table says, with its limits on sizes and alignments. They check nothing.
  [[nodiscard, gnu::always_inline]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                                    Description description) const noexcept {
    return table_->alloc(self_, size, alignment, description);
  }
  [[nodiscard, gnu::always_inline]] bool raw_resize(void* block, std::size_t size, std::size_t alignment,
                                                    std::size_t new_size,
                                                    Description description) const noexcept {
    return table_->resize(self_, block, size, alignment, new_size, description);
  }
  [[nodiscard, gnu::always_inline]] void* raw_remap(void* block, std::size_t size, std::size_t alignment,
                                                    std::size_t new_size,
                                                    Description description) const noexcept {
    return table_->remap(self_, block, size, alignment, new_size, description);
  }
  [[gnu::always_inline]] void raw_free(void* block, std::size_t size, std::size_t alignment,
                                       Description description) const noexcept {
    table_->free(self_, block, size, alignment, description);
  }

  // The same memory behind both. Two that were made in different shared libraries may differ all the same.
  friend constexpr bool operator==(Allocator, Allocator) noexcept = default;

 private:
  template <class T>
  static constexpr bool fits(std::size_t count) noexcept {
    return count <= detail::largest_size / sizeof(T);
  }
  template <class T>
  static constexpr std::size_t at_least_own(std::size_t alignment) noexcept {
    return alignment < alignof(T) ? alignof(T) : alignment;
  }

  template <class T, class... Arguments>
  [[nodiscard, gnu::always_inline]] std::expected<std::add_pointer_t<T>, Error> create_from(
      const Description& description, Arguments&&... arguments) const
      noexcept(std::is_nothrow_constructible_v<T, Arguments...>);

  // Room for `count` items, without constructing them, or null and why. `count` is not 0.
  template <class T>
  [[nodiscard, gnu::always_inline]] T* room_for(std::size_t count, std::size_t alignment,
                                                const Description& description, Error& why) const noexcept;

  template <class T>
  [[nodiscard, gnu::always_inline]] std::expected<std::span<detail::Item<T>>, Error> alloc_at_least_aligned(
      std::size_t alignment, std::size_t count, const Description& description) const
      noexcept(std::is_nothrow_default_constructible_v<T>);

  void* self_;
  const Table* table_;
};

// Has no memory at all: every request is refused.
class NullAllocator {
 public:
  static void* raw_alloc(std::size_t, std::size_t, const Description&) noexcept { return nullptr; }
  static bool raw_resize(void*, std::size_t, std::size_t, std::size_t, const Description&) noexcept {
    return false;
  }
  static void* raw_remap(void*, std::size_t, std::size_t, std::size_t, const Description&) noexcept {
    return nullptr;
  }
  static void raw_free(void*, std::size_t, std::size_t, const Description&) noexcept {}
};

namespace detail {

// Gives a block back unless that is taken from it: for constructors that throw.
struct Undo {
  Allocator allocator;
  void* block;
  std::size_t size;
  std::size_t alignment;
  Description description;
  ~Undo() {
    if (block != nullptr) {
      allocator.raw_free(block, size, alignment, description);
    }
  }
};

// The table of a class with the four functions. Functions, not lambdas: g++ does not inline the latter here.
template <class Class>
struct TableOf {
  static void* alloc(void* self, std::size_t size, std::size_t alignment, Description description) noexcept {
    return static_cast<Class*>(self)->raw_alloc(size, alignment, description);
  }
  static bool resize(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return static_cast<Class*>(self)->raw_resize(block, size, alignment, new_size, description);
  }
  static void* remap(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return static_cast<Class*>(self)->raw_remap(block, size, alignment, new_size, description);
  }
  static void free(void* self, void* block, std::size_t size, std::size_t alignment,
                   Description description) noexcept {
    static_cast<Class*>(self)->raw_free(block, size, alignment, description);
  }
  static constexpr Allocator::Table table{&alloc, &resize, &remap, &free};
};

// The same for a class without state, whose functions are static: no object is needed.
template <class Class>
struct StaticTableOf {
  static void* alloc(void*, std::size_t size, std::size_t alignment, Description description) noexcept {
    return Class::raw_alloc(size, alignment, description);
  }
  static bool resize(void*, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return Class::raw_resize(block, size, alignment, new_size, description);
  }
  static void* remap(void*, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return Class::raw_remap(block, size, alignment, new_size, description);
  }
  static void free(void*, void* block, std::size_t size, std::size_t alignment,
                   Description description) noexcept {
    Class::raw_free(block, size, alignment, description);
  }
  static constexpr Allocator::Table table{&alloc, &resize, &remap, &free};
};

}  // namespace detail

// Refuses every request: for what must not allocate, and for the end of a chain of fallbacks.
inline constexpr Allocator null_allocator{nullptr, &detail::StaticTableOf<NullAllocator>::table};

template <AllocatorImplementation Class>
constexpr Allocator Allocator::of(Class& object) noexcept {
  return {&object, &detail::TableOf<Class>::table};
}

template <class T, class... Arguments>
inline std::expected<std::add_pointer_t<T>, Error> Allocator::create_from(const Description& description,
                                                                          Arguments&&... arguments) const
    noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
  constexpr bool possible = detail::can_be_made<T>();
  if constexpr (possible) {
    static_assert(
        std::is_constructible_v<T, Arguments...>,
        "Allocator::create<T>(description, arguments…): T cannot be constructed from these arguments");
    if constexpr (std::is_constructible_v<T, Arguments...>) {
      void* const block = raw_alloc(sizeof(T), alignof(T), description);
      if (block == nullptr) {
        return std::unexpected(Error::out_of_memory);
      }
      auto* const place = static_cast<std::remove_cv_t<T>*>(block);
      if constexpr (std::is_nothrow_constructible_v<T, Arguments...>) {
        return std::construct_at(place, std::forward<Arguments>(arguments)...);
      } else {
        detail::Undo guard{*this, block, sizeof(T), alignof(T), description};
        T* const object = std::construct_at(place, std::forward<Arguments>(arguments)...);
        guard.block = nullptr;
        return object;
      }
    }
  }
  return std::unexpected(Error::out_of_memory);
}

template <class T, class... Arguments>
inline std::expected<std::add_pointer_t<T>, Error> Allocator::create(Description description,
                                                                     Arguments&&... arguments) const
    noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
  return create_from<T>(description, std::forward<Arguments>(arguments)...);
}

template <class Pointer>
inline void Allocator::destroy(const Pointer& object, Description description) const noexcept {
  if constexpr (!std::is_null_pointer_v<Pointer>) {
    constexpr bool possible = detail::can_be_ended<Pointer>();
    if constexpr (possible) {
      using T = std::remove_cv_t<std::remove_pointer_t<Pointer>>;
      if (object == nullptr) {
        return;
      }
#ifdef __GXX_RTTI
      if constexpr (std::is_polymorphic_v<T> && !std::is_final_v<T>) {
        const T& whole = *const_cast<const T*>(object);
        if (typeid(whole) != typeid(T)) {
          detail::misuse(
              "Allocator::destroy: this is a pointer to a base class; it must be of the type that was "
              "created");
        }
      }
#endif
      std::destroy_at(object);
      raw_free(const_cast<T*>(object), sizeof(T), alignof(T), description);
    }
  }
}

template <class T>
inline T* Allocator::room_for(std::size_t count, std::size_t alignment, const Description& description,
                              Error& why) const noexcept {
  if (!std::has_single_bit(alignment)) {
    why = Error::bad_alignment;
    return nullptr;
  }
  why = Error::out_of_memory;
  if (!fits<T>(count) || alignment > detail::largest_alignment) {
    return nullptr;
  }
  return static_cast<T*>(raw_alloc(count * sizeof(T), at_least_own<T>(alignment), description));
}

template <class T>
inline std::expected<std::span<detail::Item<T>>, Error> Allocator::alloc_at_least_aligned(
    std::size_t alignment, std::size_t count, const Description& description) const
    noexcept(std::is_nothrow_default_constructible_v<T>) {
  constexpr bool possible = detail::can_be_item<T>();
  if constexpr (!possible) {
    return std::unexpected(Error::out_of_memory);
  } else {
    if (count == 0) {
      return std::span<T>{};
    }
    Error why;
    T* const room = room_for<T>(count, alignment, description, why);
    if (room == nullptr) {
      return std::unexpected(why);
    }
    if constexpr (!std::is_trivially_default_constructible_v<T>) {
      detail::Undo guard{*this, room, count * sizeof(T), at_least_own<T>(alignment), description};
      std::uninitialized_default_construct_n(room, count);
      guard.block = nullptr;
    }
    return std::span<T>{room, count};
  }
}

template <class T>
inline std::expected<std::span<detail::Item<T>>, Error> Allocator::alloc_zeroed(
    std::size_t count, Description description) const noexcept {
  constexpr bool possible = detail::can_be_bytes<T>();
  if constexpr (!possible) {
    return std::unexpected(Error::out_of_memory);
  } else {
    const std::expected<std::span<T>, Error> items = alloc<T>(count, description);
    if (items && count != 0) {
      std::memset(static_cast<void*>(items->data()), 0, count * sizeof(T));
    }
    return items;
  }
}

template <class T>
inline std::expected<SentinelSpan<T>, Error> Allocator::alloc_sentinel(
    std::size_t count, std::type_identity_t<T> sentinel, Description description) const noexcept {
  constexpr bool possible = detail::can_be_bytes<T>();
  if constexpr (!possible) {
    return std::unexpected(Error::out_of_memory);
  } else {
    if (!fits<T>(count)) {  // count + 1 must not wrap
      return std::unexpected(Error::out_of_memory);
    }
    Error why;
    T* const room = room_for<T>(count + 1, alignof(T), description, why);
    if (room == nullptr) {
      return std::unexpected(why);
    }
    room[count] = sentinel;
    return SentinelSpan<T>{room, count};
  }
}

template <class Items>
inline std::expected<Items, Error> Allocator::resize(const Items& items, Alignment alignment,
                                                     std::size_t count,
                                                     Description description) const noexcept {
  constexpr bool possible = detail::can_be_resized<Items>();
  if constexpr (possible) {
    using T = typename Items::element_type;
    if (count == items.size()) {
      return items;
    }
    if (count == 0) {
      free(items, alignment, description);
      return Items{};
    }
    if (!fits<T>(count)) {
      return std::unexpected(Error::out_of_memory);
    }
    if (!items.empty() && raw_resize(items.data(), items.size_bytes(), at_least_own<T>(alignment.bytes),
                                     count * sizeof(T), description)) {
      return Items{items.data(), count};
    }
  }
  return std::unexpected(Error::not_in_place);
}

template <class Items>
inline std::expected<Items, Error> Allocator::remap(const Items& items, Alignment alignment,
                                                    std::size_t count,
                                                    Description description) const noexcept {
  constexpr bool possible = detail::can_be_resized<Items>();
  if constexpr (possible) {
    using T = typename Items::element_type;
    if (count == items.size()) {
      return items;
    }
    if (count == 0) {
      free(items, alignment, description);
      return Items{};
    }
    if (!fits<T>(count)) {
      return std::unexpected(Error::out_of_memory);
    }
    if (!items.empty()) {
      void* const moved = raw_remap(items.data(), items.size_bytes(), at_least_own<T>(alignment.bytes),
                                    count * sizeof(T), description);
      if (moved != nullptr) {
        return Items{static_cast<T*>(moved), count};
      }
    }
  }
  return std::unexpected(Error::not_in_place);
}

template <class Items>
std::expected<Items, Error> Allocator::realloc(const Items& items, Alignment alignment, std::size_t count,
                                               Description description) const noexcept {
  constexpr bool possible = detail::can_be_resized<Items>();
  if constexpr (!possible) {
    return std::unexpected(Error::out_of_memory);
  } else {
    using T = typename Items::element_type;
    const std::expected<Items, Error> remapped = remap(items, alignment, count, description);
    if (remapped || remapped.error() != Error::not_in_place) {
      return remapped;
    }
    Error why;
    T* const room = room_for<T>(count, alignment.bytes, description, why);
    if (room == nullptr) {
      return std::unexpected(why);
    }
    if (!items.empty()) {
      std::memcpy(room, items.data(), (items.size() < count ? items.size() : count) * sizeof(T));
      raw_free(items.data(), items.size_bytes(), at_least_own<T>(alignment.bytes), description);
    }
    return Items{room, count};
  }
}

template <class Items>
inline void Allocator::free(const Items& items, Alignment alignment, Description description) const noexcept {
  constexpr bool possible = detail::can_be_released<Items>();
  if constexpr (possible) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(items.data())>>;
    auto* const block = const_cast<T*>(items.data());
    std::size_t count = items.size();
    if constexpr (detail::is_sentinel_span<Items>) {
      count += block == nullptr ? 0 : 1;
    }
    if (count != 0) {
      std::destroy_n(block, count);
      raw_free(block, count * sizeof(T), at_least_own<T>(alignment.bytes), description);
    }
  }
}

template <class Items>
auto Allocator::dupe(const Items& items, Description description) const
    -> std::expected<std::span<std::remove_cvref_t<decltype(*std::ranges::data(items))>>, Error> {
  using T = std::remove_cvref_t<decltype(*std::ranges::data(items))>;
  constexpr bool possible = detail::can_be_copied<Items>();
  if constexpr (!possible) {
    return std::unexpected(Error::out_of_memory);
  } else {
    const auto count = static_cast<std::size_t>(std::ranges::size(items));
    if (count == 0) {
      return std::span<T>{};
    }
    Error why;
    T* const room = room_for<T>(count, alignof(T), description, why);
    if (room == nullptr) {
      return std::unexpected(why);
    }
    if constexpr (std::is_trivially_copyable_v<T>) {
      std::memcpy(static_cast<void*>(room), std::ranges::data(items), count * sizeof(T));
    } else {
      detail::Undo guard{*this, room, count * sizeof(T), alignof(T), description};
      std::uninitialized_copy_n(std::ranges::data(items), count, room);
      guard.block = nullptr;
    }
    return std::span<T>{room, count};
  }
}

template <class String>
std::expected<SentinelSpan<char>, Error> Allocator::dupe_z(const String& string,
                                                           Description description) const noexcept {
  const detail::Text from = detail::text_of(string);
  if (from.text == nullptr) {
    return SentinelSpan<char>{};
  }
  const auto copy = alloc_sentinel<char>(from.length, '\0', description);
  if (copy) {
    std::memcpy(copy->data(), from.text, from.length);
  }
  return copy;
}

}  // namespace ar
