#include "general_purpose/poison.hpp"

#include <cstring>

#include "general_purpose/reports.hpp"

namespace ar::general_purpose {

namespace {

constexpr unsigned char poison_byte = 0xdf;

}  // namespace

void poison(std::uintptr_t block, std::size_t size) noexcept {
  std::memset(reinterpret_cast<void*>(block), poison_byte, size);
}

void check_poison(const State& state, std::uintptr_t block, std::size_t size, const Record& record) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block);
  // All bytes are alike when the first one is right and each is like the one after it.
  if (bytes[0] == poison_byte && std::memcmp(bytes, bytes + 1, size - 1) == 0) {
    return;
  }
  std::size_t offset = 0;
  while (bytes[offset] == poison_byte) {
    ++offset;
  }
  report_written_after_free(state, block, record, offset);
}

}  // namespace ar::general_purpose
