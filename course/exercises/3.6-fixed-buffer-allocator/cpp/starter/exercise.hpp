#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include <arpent/fixed_buffer_allocator.hpp>

using Words = std::span<const std::string_view>;

inline std::expected<std::span<char>, ar::Error> join_words(Words /*words*/, char /*separator*/,
                                                            std::span<std::byte> /*buffer*/) {
  return std::span<char>{};  // yours to write
}

inline std::string_view title_of(Words /*words*/, std::span<std::byte> /*buffer*/) {
  return "";  // yours to write
}
