// What <arpent/heap.hpp> and <arpent/allocator.hpp> ask of types. Not for users.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace ar::detail {

template <class T>
inline constexpr bool is_over_aligned = alignof(T) > alignof(std::max_align_t);

template <class T>
inline constexpr bool is_plain_object = std::is_object_v<T> && !std::is_array_v<T>;

template <class T>
concept Complete = requires { sizeof(T); };

template <class T>
inline constexpr bool is_trivial =
    std::is_trivially_copyable_v<T> && std::is_trivially_default_constructible_v<T> && !std::is_const_v<T> &&
    !std::is_volatile_v<T>;

template <class T>
concept Optional = std::is_class_v<T> && requires(const T& value) {
  { value.has_value() } -> std::convertible_to<bool>;
  *value;
};

// A string's text and length; `text` null for none.
struct Text {
  const char* text;
  std::size_t length;
};

template <class String>
[[nodiscard]] constexpr Text text_of(const String& string) noexcept {
  if constexpr (std::is_null_pointer_v<String>) {
    return {nullptr, 0};
  } else if constexpr (Optional<String>) {
    return string.has_value() ? text_of(*string) : Text{nullptr, 0};
  } else if constexpr (std::is_array_v<String> && std::is_same_v<std::remove_extent_t<String>, char>) {
    const std::string_view all{string, std::extent_v<String>};
    return {string, all.substr(0, all.find('\0')).size()};
  } else if constexpr (std::is_class_v<String> && std::convertible_to<const String&, std::string_view>) {
    const std::string_view view = string;
    return {view.data() == nullptr ? "" : view.data(), view.size()};
  } else if constexpr (std::convertible_to<const String&, const char*>) {
    const char* const text = string;
    return {text, text == nullptr ? 0 : std::char_traits<char>::length(text)};
  } else if constexpr (requires {
                         { string.c_str() } -> std::convertible_to<const char*>;
                       }) {
    return text_of(static_cast<const char*>(string.c_str()));
  } else {
    static_assert(!std::is_same_v<String, String>,
                  "dupe: this is no string; it takes a const char*, an array of char, a std::string_view, "
                  "a std::string, or an optional of them");
    return {nullptr, 0};
  }
}

}  // namespace ar::detail
