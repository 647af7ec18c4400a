// ar::SentinelSpan: what Allocator::alloc_sentinel and dupe_z return. For C++20 and later.
#pragma once

#include <cstddef>

namespace ar {

// Items that are followed by one more, the sentinel, which size() does not count: a C string, when T is char.
// Made by alloc_sentinel and dupe_z, released as a whole by Allocator::free. Owns nothing.
template <class T>
class SentinelSpan {
 public:
  // Empty, with neither items nor sentinel; data() is null.
  constexpr SentinelSpan() noexcept = default;
  // `data` has `size` items and then the sentinel.
  constexpr SentinelSpan(T* data, std::size_t size) noexcept : data_(data), size_(size) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr T* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr T* end() const noexcept { return data_ + size_; }
  // Of `index` == size(), the sentinel.
  [[nodiscard]] constexpr T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ar
