// Which blocks the leak scan has reached: a bit for each place where a block may start, out of band.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/mapped_array.hpp"

namespace ar::leaks {

// Not thread-safe. Memory from the system only; what is not used of it is never touched.
class MarkSet {
 public:
  MarkSet() noexcept = default;
  ~MarkSet();
  MarkSet(const MarkSet&) = delete;
  MarkSet& operator=(const MarkSet&) = delete;

  // Room for blocks that start anywhere in `address_bytes` bytes of addresses, in `ranges` pieces. False
  // without memory.
  [[nodiscard]] bool prepare(std::size_t address_bytes, std::size_t ranges) noexcept;

  enum class Outcome : std::uint8_t { marked, was_marked, no_memory };
  [[nodiscard]] Outcome mark(std::uintptr_t block_start) noexcept;

  [[nodiscard]] bool is_marked(std::uintptr_t block_start) const noexcept;

 private:
  static constexpr unsigned granule_shift_ = 4;  // blocks start at multiples of 16
  static constexpr unsigned region_shift_ = 25;
  static constexpr std::size_t words_ = (std::size_t{1} << (region_shift_ - granule_shift_)) / 64;

  // The bits of 32 MiB of addresses.
  struct Region {
    std::uint64_t* bits;    // null: the place is free
    std::uintptr_t number;  // address >> region_shift_
  };

  [[nodiscard]] Region* place_of(std::uintptr_t number) const noexcept;  // null when the table is full
  [[nodiscard]] std::uint64_t* take_bits() noexcept;

  Region* regions_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two
  platform::MappedArray<std::uint64_t*> batches_;
  std::size_t left_in_batch_ = 0;
};

}  // namespace ar::leaks
