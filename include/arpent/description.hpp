// ar::Description, which every function that allocates takes. For C++20 and later.
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "<arpent/description.hpp> needs C++20 (-std=c++20)"
#endif

#include <concepts>
#include <source_location>

#include "module_note.h"

namespace ar {

// What a block is for, and the place of the call. Made from the description by itself: const char*, null, or
// a string class with c_str(). Holds the text by pointer, for the length of the call.
class Description {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): "agent" is to be a description
  constexpr Description(const char* text,
                        std::source_location place = std::source_location::current()) noexcept
      : text_(text), place_(place) {}

  template <class Text>
    requires(!std::convertible_to<const Text&, const char*> && !std::same_as<Text, Description>)
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Description(const Text& text,
                        std::source_location place = std::source_location::current()) noexcept
      : text_(pointer_to(text)), place_(place) {}

  [[nodiscard]] constexpr const char* text() const noexcept { return text_; }
  [[nodiscard]] constexpr const std::source_location& place() const noexcept { return place_; }
  [[nodiscard]] constexpr int line() const noexcept { return static_cast<int>(place_.line()); }

 private:
  template <class Text>
  static constexpr const char* pointer_to(const Text& text) noexcept {
    constexpr bool has_text = requires {
      { text.c_str() } -> std::convertible_to<const char*>;
    };
    static_assert(has_text, "a description is a NUL-terminated string: a const char* or a std::string");
    if constexpr (has_text) {
      return text.c_str();
    } else {
      return nullptr;
    }
  }

  const char* text_;
  std::source_location place_;
};

}  // namespace ar
