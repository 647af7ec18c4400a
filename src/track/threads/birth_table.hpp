// When the sampled blocks that are live were allocated: a hash table by address, of bounded size.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::track {

struct Birth {
  std::uint64_t clock;   // bytes that had been allocated before
  std::uint32_t weight;  // how many blocks it stands for
};

// The caller takes turns. Uses memory from the first insertion on.
class BirthTable {
 public:
  static constexpr std::size_t places = std::size_t{1} << 16U;
  static constexpr std::size_t most = places / 4 * 3;

  // False when the block is not among those that are kept, or there is no memory.
  bool insert(std::uintptr_t block, Birth birth) noexcept;

  // False when it is not there. The weight is then that of the table's present thinning.
  bool take(std::uintptr_t block, Birth& birth) noexcept;

  void clear() noexcept;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  // The address is kept as its complement: else the leak scan would find a pointer to the block here.
  struct Entry {
    std::uintptr_t inverted;  // 0: free
    std::uint64_t clock;
    std::uint64_t weight;
  };

  [[nodiscard]] static Entry* make_entries() noexcept;  // null: no memory
  [[nodiscard]] bool is_kept(std::uintptr_t block) const noexcept;
  [[nodiscard]] std::size_t place_of(std::uintptr_t block) const noexcept;  // where it is, or would be
  bool thin_out() noexcept;

  Entry* entries_ = nullptr;
  std::size_t count_ = 0;
  unsigned thinned_ = 0;  // how often
};

}  // namespace ar::track
