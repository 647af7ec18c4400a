// A growing array in memory of its own, straight from the system.
#pragma once

#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

// Elements move when it grows. Not thread-safe; owns its mapping.
template <typename T>
class MappedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr MappedArray() noexcept = default;
  ~MappedArray() {
    if (elements_ != nullptr) {
      unmap_pages(elements_, mapped_);
    }
  }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;

  // Room for `count` elements in all. False, and nothing changed, when there is no memory.
  [[nodiscard]] bool reserve(std::size_t count) noexcept {
    if (count <= mapped_ / sizeof(T)) {
      return true;
    }
    const std::size_t wanted = round_up(count * sizeof(T), page_size);
    if (elements_ == nullptr) {
      elements_ = static_cast<T*>(map_pages(wanted));
      mapped_ = elements_ == nullptr ? 0 : wanted;
      return elements_ != nullptr;
    }
    const long moved =
        system_call(SYS_mremap, reinterpret_cast<long>(elements_), mapped_, wanted, MREMAP_MAYMOVE);
    if (moved < 0 && moved > -static_cast<long>(page_size)) {
      return false;
    }
    elements_ = reinterpret_cast<T*>(moved);
    mapped_ = wanted;
    return true;
  }

  // False when there is no memory.
  [[nodiscard]] bool push(const T& element) noexcept {
    if ((size_ + 1) * sizeof(T) > mapped_ && !reserve(size_ * 2 + page_size / sizeof(T))) {
      return false;
    }
    elements_[size_++] = element;
    return true;
  }

  // The array must not be empty.
  T pop() noexcept { return elements_[--size_]; }

  void shrink(std::size_t size) noexcept { size_ = size; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return elements_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return elements_[index]; }
  [[nodiscard]] T* begin() noexcept { return elements_; }
  [[nodiscard]] T* end() noexcept { return elements_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return elements_; }
  [[nodiscard]] const T* end() const noexcept { return elements_ + size_; }

  // The memory that it lies in; 0 and 0 before there is any.
  [[nodiscard]] std::uintptr_t memory_start() const noexcept {
    return reinterpret_cast<std::uintptr_t>(elements_);
  }
  [[nodiscard]] std::uintptr_t memory_end() const noexcept { return memory_start() + mapped_; }

 private:
  T* elements_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;  // bytes
};

}  // namespace ar::platform
