// ar::MemoryPool<T>: objects of one type, made and ended in any order, each in a few instructions.
//
//   ar::MemoryPool<Node> nodes{ar::c_allocator};
//   auto node = nodes.create("node", 7);
//   nodes.destroy(*node);
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "allocator.hpp"
#include "arena_allocator.hpp"
#include "reset.hpp"

namespace ar {

// Places for objects of type T come from an arena, and from a list of those that were destroyed. Objects that
// are alive when the pool is reset or ends are not destroyed: their memory goes, without their destructor.
// Not for several threads at once. Neither copied nor moved.
template <class T>
class MemoryPool {
  static_assert(
      detail::is_plain_object<T> && !std::is_const_v<T> && !std::is_volatile_v<T>,
      "MemoryPool<T>: T is the type of one object, not const; void, arrays, references and functions are "
      "none");

 public:
  // Memory comes from `backing`, in chunks as `options` say. Both, and the description's text, must outlive
  // the pool.
  explicit MemoryPool(Allocator backing, ArenaOptions options = {},
                      Description description = {"pool", std::source_location::current()}) noexcept
      : arena_(backing, options, description, false) {}
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  // One object, constructed from the arguments (value-initialised without any), or Error::out_of_memory. The
  // description comes first, as in Allocator::create. Ends with destroy.
  template <class... Arguments>
  [[nodiscard]] std::expected<T*, Error> create(Description description, Arguments&&... arguments) noexcept(
      std::is_nothrow_constructible_v<T, Arguments...>) {
    static_assert(
        std::is_constructible_v<T, Arguments...>,
        "MemoryPool::create(description, arguments…): T cannot be constructed from these arguments");
    if constexpr (std::is_constructible_v<T, Arguments...>) {
      void* const place = take(description);
      if (place == nullptr) {
        return std::unexpected(Error::out_of_memory);
      }
      if constexpr (std::is_nothrow_constructible_v<T, Arguments...>) {
        return std::construct_at(static_cast<T*>(place), std::forward<Arguments>(arguments)...);
      } else {
        GiveBack guard{*this, place};
        T* const object = std::construct_at(static_cast<T*>(place), std::forward<Arguments>(arguments)...);
        guard.place = nullptr;
        return object;
      }
    } else {
      return std::unexpected(Error::out_of_memory);
    }
  }
  [[nodiscard]] std::expected<T*, Error> create() noexcept(std::is_nothrow_default_constructible_v<T>) {
    return create(Description{nullptr, std::source_location{}});
  }

  // Ends an object of this pool; the next one is made in its place. Null does nothing.
  void destroy(T* object) noexcept {
    if (object != nullptr) {
      std::destroy_at(object);
      put(object);
    }
  }

  // Makes room for `count` objects more than are alive, at once and in one piece. Error::out_of_memory when
  // there is none; then the pool is as it was.
  [[nodiscard]] std::expected<void, Error> preheat(std::size_t count,
                                                   const Description& description = {
                                                       nullptr, std::source_location::current()}) noexcept {
    if (count <= free_count_) {
      return {};
    }
    const std::size_t more = count - free_count_;
    const std::expected<std::span<Place>, Error> places = arena_.allocator().alloc<Place>(more, description);
    if (!places) {
      return std::unexpected(places.error());
    }
    for (std::size_t i = more; i-- > 0;) {  // so that objects come in the order of their addresses
      put(&(*places)[i]);
    }
    return {};
  }

  // Ends the memory of all objects, without their destructors, and keeps what `mode` says; as
  // ArenaAllocator's.
  bool reset(Reset mode = retain_capacity) noexcept {
    free_ = nullptr;
    free_count_ = 0;
    return arena_.reset(mode);
  }

 private:
  // Where an object lies, or may.
  union Place {
    Place* next;
    alignas(T) std::byte bytes[sizeof(T)];
  };
  struct GiveBack {
    MemoryPool& pool;
    void* place;
    ~GiveBack() {
      if (place != nullptr) {
        pool.put(place);
      }
    }
  };

  [[nodiscard]] void* take(const Description& description) noexcept {
    if (free_ == nullptr) {
      return arena_.raw_alloc(sizeof(Place), alignof(Place), description);
    }
    Place* const place = free_;
    free_ = place->next;
    --free_count_;
    return place;
  }
  void put(void* memory) noexcept {
    free_ = new (memory) Place{free_};
    ++free_count_;
  }

  ArenaAllocator arena_;  // does not tell of its blocks: they are made again and again, by whoever comes
  Place* free_ = nullptr;
  std::size_t free_count_ = 0;
};

}  // namespace ar
