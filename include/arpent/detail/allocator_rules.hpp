// What the methods of ar::Allocator ask of types: misuse that can be seen by type does not compile, with one
// line that says what to do. Not for users.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>

#include "../sentinel_span.hpp"
#include "type_rules.hpp"

namespace ar::detail {

// T, or where that makes no item, what stands for it until can_be_item has said so.
template <class T>
using Item = std::conditional_t<is_plain_object<T>, T, std::byte>;

template <class T>
inline constexpr bool is_span = false;
template <class T>
inline constexpr bool is_span<std::span<T>> = true;
template <class T>
inline constexpr bool is_sentinel_span = false;
template <class T>
inline constexpr bool is_sentinel_span<SentinelSpan<T>> = true;

template <class T>
[[nodiscard]] consteval bool can_be_made() noexcept {
  static_assert(
      is_plain_object<T>,
      "Allocator::create<T>: T is the type of one object; an array is made by alloc<T>(count, description)");
  if constexpr (!is_plain_object<T>) {
    return false;
  } else {
    static_assert(!std::is_abstract_v<T>,
                  "Allocator::create<T>: T is abstract; create a class that is derived from it");
    return !std::is_abstract_v<T>;
  }
}

// One item of an array, to be constructed by default.
template <class T>
[[nodiscard]] consteval bool can_be_item() noexcept {
  constexpr bool is_item = is_plain_object<T> && !std::is_const_v<T> && !std::is_volatile_v<T>;
  static_assert(is_item,
                "Allocator::alloc<T>: T is the type of one item, not const; void, arrays, references and "
                "functions are none");
  if constexpr (!is_item) {
    return false;
  } else {
    static_assert(std::is_default_constructible_v<T> && std::is_destructible_v<T>,
                  "Allocator::alloc<T>: T has no default constructor or no destructor to call; use create<T> "
                  "for each, or a container with ar::StdAllocator<T>");
    return std::is_default_constructible_v<T> && std::is_destructible_v<T>;
  }
}

// One whose bytes are all there is to it.
template <class T>
[[nodiscard]] consteval bool can_be_bytes() noexcept {
  static_assert(is_plain_object<T>,
                "Allocator: T is the type of one item; void, arrays, references and functions are none");
  if constexpr (!is_plain_object<T>) {
    return false;
  } else {
    static_assert(
        is_trivial<T>,
        "Allocator: zeroed, sentinel-ended and resized items must be trivial, and T is not (it has a "
        "constructor, a destructor or const); use alloc<T>, or a container with ar::StdAllocator<T>");
    return is_trivial<T>;
  }
}

template <class Items>
[[nodiscard]] consteval bool can_be_resized() noexcept {
  static_assert(is_span<Items>,
                "Allocator::resize, remap, realloc: this is no std::span<T> as alloc returned it");
  if constexpr (is_span<Items>) {
    return can_be_bytes<typename Items::element_type>();
  } else {
    return false;
  }
}

template <class Pointer>
[[nodiscard]] consteval bool can_be_ended() noexcept {
  using T = std::remove_pointer_t<Pointer>;
  constexpr bool points_to_object = std::is_pointer_v<Pointer> && is_plain_object<T>;
  static_assert(
      points_to_object,
      "Allocator::destroy: this is no pointer to an object; it takes what create returned, or null; what "
      "alloc returned goes to free");
  if constexpr (!points_to_object) {
    return false;
  } else {
    static_assert(Complete<T>,
                  "Allocator::destroy: the type pointed to is only declared here, so nobody knows its size; "
                  "include its definition");
    if constexpr (Complete<T>) {
      static_assert(std::is_destructible_v<T>,
                    "Allocator::destroy: the destructor is deleted or not accessible");
      return std::is_destructible_v<T>;
    } else {
      return false;
    }
  }
}

template <class Items>
[[nodiscard]] consteval bool can_be_released() noexcept {
  constexpr bool is_items = is_span<Items> || is_sentinel_span<Items>;
  static_assert(
      is_items,
      "Allocator::free: this is no span as alloc or dupe_z returned it, and the allocator has to be told "
      "the size; what create returned goes to destroy");
  return is_items;
}

template <class Items>
[[nodiscard]] consteval bool can_be_copied() noexcept {
  constexpr bool is_range =
      std::ranges::contiguous_range<const Items> && std::ranges::sized_range<const Items>;
  static_assert(is_range,
                "Allocator::dupe: these are no items in one piece; it takes a span, a vector, a view");
  if constexpr (!is_range) {
    return false;
  } else {
    using T = std::ranges::range_value_t<const Items>;
    constexpr bool is_text = std::is_array_v<Items> && std::is_same_v<T, char>;
    static_assert(
        !is_text,
        "Allocator::dupe: for an array of char it is not known whether its NUL is to be copied; use "
        "dupe_z, or a std::string_view");
    static_assert(std::is_copy_constructible_v<T>, "Allocator::dupe: the items cannot be copied");
    return !is_text && std::is_copy_constructible_v<T>;
  }
}

}  // namespace ar::detail
