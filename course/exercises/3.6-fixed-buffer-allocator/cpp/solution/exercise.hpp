#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include <arpent/fixed_buffer_allocator.hpp>

using Words = std::span<const std::string_view>;

inline std::expected<std::span<char>, ar::Error> join_words(Words words, char separator,
                                                            std::span<std::byte> buffer) {
  std::size_t length = words.empty() ? 0 : words.size() - 1;
  for (const std::string_view word : words) {
    length += word.size();
  }
  ar::FixedBufferAllocator fixed{buffer};
  const auto text = fixed.allocator().alloc<char>(length, "joined words");
  if (!text) {
    return std::unexpected(text.error());
  }
  char* next = text->data();
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (index != 0) {
      *next++ = separator;
    }
    next = std::ranges::copy(words[index], next).out;
  }
  return *text;
}

inline std::string_view title_of(Words words, std::span<std::byte> buffer) {
  if (words.empty()) {
    return "";
  }
  const auto text = join_words(words, ' ', buffer);
  if (!text) {
    return words.front();
  }
  return {text->data(), text->size()};
}
