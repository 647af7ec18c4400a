// The typed face of the tracked heap, for C++20 and later.
//
//   Agent* agent = ar::create<Agent>("agent", 7, "explorer");   // constructed, or null
//   float* scores = ar::alloc<float>(count, "scores");          // zeroed, or null
//   char* name = ar::dupe(view, "name");                        // a NUL-terminated copy
//   ar::destroy(agent);
//   ar::free(scores);
//   ar::free(name);
//
// Compiled with -DDEBUG, each block is reported with the file and line of the call, by itself, and with its
// description and type ("agent [Agent]", "scores [float[]]"). Compiled without, these are malloc and free and
// what stands beside each function. Translation units of both kinds may be linked together, and release each
// other's blocks. All types here are the same in both; the functions lie in an inline namespace that is not,
// so that no one-definition rule is broken. Your own inline functions and templates that call them are for
// you to keep alike: compile all units that share these in the same way.
//
// Thread safety: as malloc's. Failure: null and errno; what a constructor throws passes through. Sizes and
// alignments are bytes. Descriptions are copied; null reads "Unknown".
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "<arpent/heap.hpp> needs C++20 (-std=c++20); C has ar_heap.h"
#endif

#include <malloc.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../ar_heap.h"
#include "description.hpp"
#include "detail/type_rules.hpp"

namespace ar {

namespace detail {

// "Agent", out of "… type_name() [with T = Agent; …]" or "… [T = Agent]".
template <class T>
consteval std::string_view type_name() noexcept {
  std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::string_view mark = "T = ";
  text.remove_prefix(text.find(mark) + mark.size());
  const std::size_t end = text.find("; std::string_view = ");
  return text.substr(0, end != std::string_view::npos ? end : text.rfind(']'));
}

// A description with the name of a type. A description too long for the room is left as it is.
class TypedDescription {
 public:
  TypedDescription(const char* description, std::string_view type, std::string_view suffix) noexcept
      : text_(description) {
    const std::string_view front = description == nullptr ? std::string_view{"Unknown"} : description;
    if (front.size() >= sizeof room_ || type.size() >= sizeof room_ ||
        front.size() + type.size() + suffix.size() + 4 > sizeof room_) {
      return;
    }
    char* end = room_;
    for (const std::string_view part : {front, std::string_view{" ["}, type, suffix, std::string_view{"]"}}) {
      std::memcpy(end, part.data(), part.size());
      end += part.size();
    }
    *end = '\0';
    text_ = room_;
  }
  TypedDescription(const TypedDescription&) = delete;
  TypedDescription& operator=(const TypedDescription&) = delete;

  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  const char* text_;
  char room_[512];
};

// Gives a block back unless it is told not to: for constructors that throw, with or without exceptions.
class GiveBack {
 public:
  GiveBack(void* block, void (*release)(void*) noexcept) noexcept : block_(block), release_(release) {}
  ~GiveBack() {
    if (block_ != nullptr) {
      release_(block_);
    }
  }
  GiveBack(const GiveBack&) = delete;
  GiveBack& operator=(const GiveBack&) = delete;
  void keep() noexcept { block_ = nullptr; }

 private:
  void* block_;
  void (*release_)(void*) noexcept;
};

[[nodiscard]] inline std::nullptr_t out_of_memory() noexcept {
  errno = ENOMEM;
  return nullptr;
}

// The start of the block: not where a base class lies, but where the whole object does.
template <class T>
[[nodiscard]] void* block_of(T* object) noexcept {
  using Plain = std::remove_cv_t<T>;
  auto* const plain = const_cast<Plain*>(object);
#ifdef __GXX_RTTI
  if constexpr (std::is_polymorphic_v<Plain> && !std::is_final_v<Plain>) {
    return dynamic_cast<void*>(plain);
  }
#endif
  return plain;
}

template <class T>
[[nodiscard]] consteval bool can_be_created() noexcept {
  static_assert(!std::is_void_v<T>,
                "ar::create<void>: void is no type of objects; say what is to be created");
  static_assert(!std::is_array_v<T>, "ar::create<T[]>: an array is made by ar::alloc<T>(count, description)");
  static_assert(!std::is_reference_v<T> && !std::is_function_v<T>,
                "ar::create<T>: T is no type of objects, but a reference or a function");
  if constexpr (!is_plain_object<T>) {
    return false;
  } else {
    static_assert(!std::is_abstract_v<T>,
                  "ar::create<T>: T is abstract; create a class that is derived from it");
    return !std::is_abstract_v<T>;
  }
}

template <class T>
[[nodiscard]] consteval bool can_be_allocated() noexcept {
  static_assert(is_plain_object<T>,
                "ar::alloc<T> and ar::realloc<T>: T is the type of one item; void, arrays, references and "
                "functions are none");
  if constexpr (is_plain_object<T>) {
    static_assert(
        is_trivial<T>,
        "ar::alloc<T> and ar::realloc<T>: T is not trivial (it has a constructor, a destructor or const), "
        "and would be used without being constructed; use ar::create<T>, or a container");
    return is_trivial<T>;
  } else {
    return false;
  }
}

template <class Pointer>
[[nodiscard]] consteval bool can_be_destroyed() noexcept {
  using T = std::remove_pointer_t<Pointer>;
  static_assert(std::is_pointer_v<Pointer> && is_plain_object<T>,
                "ar::destroy: this is no pointer to an object; it takes what ar::create returned, or null");
  if constexpr (!std::is_pointer_v<Pointer> || !is_plain_object<T>) {
    return false;
  } else {
    static_assert(Complete<T>,
                  "ar::destroy: the type pointed to is only declared here, so nobody knows its destructor; "
                  "include its definition");
    if constexpr (Complete<T>) {
      static_assert(std::is_destructible_v<T>, "ar::destroy: the destructor is deleted or not accessible");
      return std::is_destructible_v<T>;
    } else {
      return false;
    }
  }
}

template <class Pointer>
[[nodiscard]] consteval bool can_be_freed() noexcept {
  using T = std::remove_pointer_t<Pointer>;
  static_assert(std::is_pointer_v<Pointer> && !std::is_function_v<T>,
                "ar::free: this is no pointer to a block; it takes a pointer, null, or an optional pointer");
  if constexpr (!std::is_pointer_v<Pointer> || std::is_function_v<T>) {
    return false;
  } else if constexpr (std::is_void_v<T>) {
    return true;
  } else {
    static_assert(Complete<T>,
                  "ar::free: the type pointed to is only declared here, so nobody knows whether it has a "
                  "destructor; include its definition");
    if constexpr (Complete<T>) {
      static_assert(std::is_trivially_destructible_v<T>,
                    "ar::free: the type pointed to has a destructor, which would not run; use ar::destroy");
      return std::is_trivially_destructible_v<T>;
    } else {
      return false;
    }
  }
}

}  // namespace detail

#ifdef DEBUG
inline namespace tracked {
#else
inline namespace untracked {
#endif

// What differs: where blocks come from and go to. Releases are always inlined, here and below, so that a
// wrong one is told with the place of the user's call in unoptimised programs, too.
namespace raw {

#ifdef DEBUG

[[gnu::always_inline]] inline void release(void* block) noexcept { ar_heap__free(block); }

[[nodiscard]] inline void* allocate(std::size_t size, const Description& description,
                                    const char* text) noexcept {
  return ar_heap__malloc(size, description.place().file_name(), description.line(), text);
}

template <class T>
[[nodiscard]] void* allocate_one(const Description& description) noexcept {
  const detail::TypedDescription typed{description.text(), detail::type_name<T>(), ""};
  if constexpr (detail::is_over_aligned<T>) {
    return ar_heap__aligned_alloc(alignof(T), sizeof(T), description.place().file_name(), description.line(),
                                  typed.text());
  } else {
    return allocate(sizeof(T), description, typed.text());
  }
}

template <class T>
[[nodiscard]] void* allocate_aligned(std::size_t size, const Description& description) noexcept {
  const detail::TypedDescription typed{description.text(), detail::type_name<T>(), "[]"};
  return ar_heap__aligned_alloc(alignof(T), size, description.place().file_name(), description.line(),
                                typed.text());
}

template <class T>
[[nodiscard]] void* allocate_zeroed(std::size_t count, const Description& description) noexcept {
  const detail::TypedDescription typed{description.text(), detail::type_name<T>(), "[]"};
  return ar_heap__calloc(count, sizeof(T), description.place().file_name(), description.line(), typed.text());
}

template <class T>
[[nodiscard]] void* reallocate(void* block, std::size_t size, const Description& description) noexcept {
  const detail::TypedDescription typed{description.text(), detail::type_name<T>(), "[]"};
  return ar_heap__realloc(block, size, description.place().file_name(), description.line(), typed.text());
}

#else

[[gnu::always_inline]] inline void release(void* block) noexcept { std::free(block); }

[[nodiscard]] inline void* allocate(std::size_t size, const Description&, const char*) noexcept {
  return std::malloc(size);
}

template <class T>
[[nodiscard]] void* allocate_one(const Description&) noexcept {
  if constexpr (detail::is_over_aligned<T>) {
    return std::aligned_alloc(alignof(T), sizeof(T));
  } else {
    return std::malloc(sizeof(T));
  }
}

template <class T>
[[nodiscard]] void* allocate_aligned(std::size_t size, const Description&) noexcept {
  return std::aligned_alloc(alignof(T), size);
}

template <class T>
[[nodiscard]] void* allocate_zeroed(std::size_t count, const Description&) noexcept {
  return std::calloc(count, sizeof(T));
}

template <class T>
[[nodiscard]] void* reallocate(void* block, std::size_t size, const Description&) noexcept {
  return std::realloc(block, size);
}

#endif

}  // namespace raw

// One object, constructed from the arguments (value-initialised without any), or null without memory. When
// its constructor throws, the block is given back first. Ends with ar::destroy.
template <class T, class... Arguments>
[[nodiscard]] std::add_pointer_t<T> create(Description description, Arguments&&... arguments) noexcept(
    std::is_nothrow_constructible_v<T, Arguments...>) {
  constexpr bool possible = detail::can_be_created<T>();
  if constexpr (possible) {
    static_assert(std::is_constructible_v<T, Arguments...>,
                  "ar::create<T>(description, arguments…): T cannot be constructed from these arguments");
    if constexpr (std::is_constructible_v<T, Arguments...>) {
      void* const block = raw::allocate_one<T>(description);
      if (block == nullptr) {
        return nullptr;
      }
      auto* const place = static_cast<std::remove_cv_t<T>*>(block);
      if constexpr (std::is_nothrow_constructible_v<T, Arguments...>) {
        return std::construct_at(place, std::forward<Arguments>(arguments)...);
      } else {
        detail::GiveBack guard{block, &raw::release};
        T* const object = std::construct_at(place, std::forward<Arguments>(arguments)...);
        guard.keep();
        return object;
      }
    } else {
      return nullptr;
    }
  } else {
    return nullptr;
  }
}

// Ends an object that ar::create made: runs its destructor and gives the block back. Null does nothing. A
// pointer to a base class will do when its destructor is virtual (and, where the base is not at the object's
// start, run-time type information is on).
template <class Pointer>
[[gnu::always_inline]] inline void destroy(const Pointer& object) noexcept {
  if constexpr (!std::is_null_pointer_v<Pointer>) {
    constexpr bool possible = detail::can_be_destroyed<std::remove_volatile_t<Pointer>>();
    if constexpr (possible) {
      if (object != nullptr) {
        void* const block = detail::block_of(object);
        std::destroy_at(object);
        raw::release(block);
      }
    }
  }
}

// `count` items, all zero bits, or null without memory and when their size overflows. Only for trivial types.
// Ends with ar::free.
template <class T>
[[nodiscard]] std::add_pointer_t<T> alloc(std::size_t count, Description description) noexcept {
  constexpr bool possible = detail::can_be_allocated<T>();
  if constexpr (!possible) {
    return nullptr;
  } else if constexpr (detail::is_over_aligned<T>) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      return detail::out_of_memory();
    }
    void* const block = raw::allocate_aligned<T>(count * sizeof(T), description);
    if (block != nullptr) {
      std::memset(block, 0, count * sizeof(T));
    }
    return static_cast<T*>(block);
  } else {
    return static_cast<T*>(raw::allocate_zeroed<T>(count, description));
  }
}

// Changes the number of items; the block may move, and items that are new are not initialised. Null `items`
// allocates; 0 releases and returns null. On failure null, and the old block is as it was. Only for trivial
// types.
template <class T>
[[nodiscard]] T* realloc(T* items, std::size_t count, Description description) noexcept {
  constexpr bool possible = detail::can_be_allocated<T>();
  if constexpr (!possible) {
    return nullptr;
  } else {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      return detail::out_of_memory();
    }
    const std::size_t size = count * sizeof(T);
    if constexpr (!detail::is_over_aligned<T>) {
      return static_cast<T*>(raw::reallocate<T>(items, size, description));
    } else if (items != nullptr && size == 0) {
      raw::release(items);
      return nullptr;
    } else {
      // C's realloc keeps no alignment.
      void* const moved = raw::allocate_aligned<T>(size, description);
      if (items != nullptr && moved != nullptr) {
        const std::size_t before = ::malloc_usable_size(items);
        std::memcpy(moved, items, before < size ? before : size);
        raw::release(items);
      }
      return static_cast<T*>(moved);
    }
  }
}

// A NUL-terminated copy of a string: const char*, an array of char (up to its first NUL), std::string_view,
// std::string, what converts to one of them, or an optional of them. Null gives null. Ends with ar::free.
template <class String>
[[nodiscard]] char* dupe(const String& string, Description description) noexcept {
  const detail::Text from = detail::text_of(string);
  if (from.text == nullptr) {
    return nullptr;
  }
  if (from.length == std::numeric_limits<std::size_t>::max()) {
    return detail::out_of_memory();
  }
  auto* const copy = static_cast<char*>(raw::allocate(from.length + 1, description, description.text()));
  if (copy != nullptr) {
    std::memcpy(copy, from.text, from.length);
    copy[from.length] = '\0';
  }
  return copy;
}

// Releases a block: any pointer, also to const, null, or an optional pointer. Types with a destructor do not
// compile here.
template <class Pointer>
[[gnu::always_inline]] inline void free(const Pointer& pointer) noexcept {
  if constexpr (detail::Optional<Pointer>) {
    if (pointer.has_value()) {
      ar::free(*pointer);
    }
  } else if constexpr (!std::is_null_pointer_v<Pointer>) {
    constexpr bool possible = detail::can_be_freed<std::remove_volatile_t<Pointer>>();
    if constexpr (possible) {
      raw::release(const_cast<void*>(static_cast<const volatile void*>(pointer)));
    }
  }
}

}  // namespace tracked or untracked

}  // namespace ar
