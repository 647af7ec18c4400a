// ar::Owned<T> and ar::OwnedSpan<T>: an object, or items, that are released with their owner.
//
//   auto agent = ar::make_owned<Agent>(allocator, "agent", 7, "explorer");
//   if (!agent) return std::unexpected(agent.error());
//   (*agent)->explore();
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <source_location>
#include <span>
#include <type_traits>
#include <utility>

#include "allocator.hpp"

namespace ar {

// Owns one object, which it destroys through the Allocator that made it, or nothing. Three words; moved, not
// copied. Not for pointers to a base class, which Allocator::destroy does not take either.
template <class T>
class [[nodiscard]] Owned {
 public:
  // Nothing.
  constexpr Owned() noexcept = default;
  // An object that `allocator` has created, or null.
  constexpr Owned(Allocator allocator, T* object) noexcept : allocator_(allocator), object_(object) {}
  Owned(Owned&& other) noexcept : allocator_(other.allocator_), object_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    Owned moved{std::move(other)};
    std::swap(allocator_, moved.allocator_);
    std::swap(object_, moved.object_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { allocator_.destroy(object_); }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }

  // Who releases the object; ar::null_allocator, if there never was one.
  [[nodiscard]] Allocator allocator() const noexcept { return allocator_; }
  // The object, now the caller's to give to allocator().destroy().
  [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }
  // Ends the object now.
  void reset() noexcept { allocator_.destroy(release()); }

 private:
  Allocator allocator_ = null_allocator;
  T* object_ = nullptr;
};

// Owns items as Allocator::alloc gives them, or none. Four words; moved, not copied.
template <class T>
class [[nodiscard]] OwnedSpan {
 public:
  // No items.
  constexpr OwnedSpan() noexcept = default;
  // Items that `allocator` has allocated, of T's own alignment.
  constexpr OwnedSpan(Allocator allocator, std::span<T> items) noexcept
      : allocator_(allocator), items_(items) {}
  OwnedSpan(OwnedSpan&& other) noexcept : allocator_(other.allocator_), items_(other.release()) {}
  OwnedSpan& operator=(OwnedSpan&& other) noexcept {
    OwnedSpan moved{std::move(other)};
    std::swap(allocator_, moved.allocator_);
    std::swap(items_, moved.items_);
    return *this;
  }
  OwnedSpan(const OwnedSpan&) = delete;
  OwnedSpan& operator=(const OwnedSpan&) = delete;
  ~OwnedSpan() { allocator_.free(items_); }

  [[nodiscard]] std::span<T> get() const noexcept { return items_; }
  [[nodiscard]] T* data() const noexcept { return items_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] T& operator[](std::size_t index) const noexcept { return items_[index]; }
  [[nodiscard]] T* begin() const noexcept { return items_.data(); }
  [[nodiscard]] T* end() const noexcept { return items_.data() + items_.size(); }

  // Who releases the items; ar::null_allocator, if there never were any.
  [[nodiscard]] Allocator allocator() const noexcept { return allocator_; }
  // The items, now the caller's to give to allocator().free().
  [[nodiscard]] std::span<T> release() noexcept { return std::exchange(items_, std::span<T>{}); }
  // Releases the items now.
  void reset() noexcept { allocator_.free(release()); }

 private:
  Allocator allocator_ = null_allocator;
  std::span<T> items_;
};

// One object that is constructed from the arguments and owned, or Allocator::create's error.
template <class T, class... Arguments>
[[nodiscard]] std::expected<Owned<T>, Error> make_owned(
    Allocator allocator, Description description,
    Arguments&&... arguments) noexcept(std::is_nothrow_constructible_v<T, Arguments...>) {
  const std::expected<T*, Error> object =
      allocator.create<T>(description, std::forward<Arguments>(arguments)...);
  if (!object) {
    return std::unexpected(object.error());
  }
  return Owned<T>{allocator, *object};
}
template <class T>
[[nodiscard]] std::expected<Owned<T>, Error> make_owned(Allocator allocator) noexcept(
    std::is_nothrow_default_constructible_v<T>) {
  return make_owned<T>(allocator, Description{nullptr, std::source_location{}});
}

// `count` items, default-constructed and owned, or Allocator::alloc's error.
template <class T>
[[nodiscard]] std::expected<OwnedSpan<T>, Error> make_owned_span(
    Allocator allocator, std::size_t count,
    Description description = {
        nullptr, std::source_location::current()}) noexcept(std::is_nothrow_default_constructible_v<T>) {
  const std::expected<std::span<T>, Error> items = allocator.alloc<T>(count, description);
  if (!items) {
    return std::unexpected(items.error());
  }
  return OwnedSpan<T>{allocator, *items};
}

}  // namespace ar
