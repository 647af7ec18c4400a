#include "track/region/strings.hpp"

#include <cstring>

#include "platform/hash.hpp"
#include "platform/reserved_pages.hpp"
#include "track/region/region.hpp"

namespace ar::track {

namespace {

// Twice what a full profile may hold, so that look-ups stay short. Only what is used costs memory.
constexpr std::uint32_t table_size = max_origins * 2;

struct Entry {
  std::uint32_t hash;
  std::uint32_t offset_in_words;  // offset / 8; 0: empty
};

Entry* table = nullptr;
std::uint32_t entries = 0;

}  // namespace

std::uint64_t hash_bytes(const char* data, std::size_t size, std::uint64_t seed) noexcept {
  std::uint64_t hash = seed + size;
  while (size >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    hash = platform::mix(hash ^ word);
    data += 8;
    size -= 8;
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, data, size);
  return platform::mix(hash ^ rest);
}

std::uint64_t hash_string(const char* string, std::uint64_t seed) noexcept {
  return hash_bytes(string, std::strlen(string), seed);
}

bool open_strings() noexcept {
  entries = 0;
  if (table == nullptr) {
    table = static_cast<Entry*>(platform::reserve_pages(table_size * sizeof(Entry)));
  }
  return table != nullptr;
}

Offset intern_string(const char* string) noexcept {
  const std::size_t length = std::strlen(string);
  const auto hash = static_cast<std::uint32_t>(hash_bytes(string, length, 0));
  std::uint32_t place = hash % table_size;
  while (table[place].offset_in_words != 0) {
    const Offset offset = static_cast<Offset>(table[place].offset_in_words) * 8;
    if (table[place].hash == hash && std::strcmp(at<char>(offset), string) == 0) {
      return offset;
    }
    place = place + 1 == table_size ? 0 : place + 1;
  }
  if (entries >= table_size / 2) {
    return 0;
  }
  auto* copy = static_cast<char*>(allocate_in_region(length + 1));
  if (copy == nullptr) {
    return 0;
  }
  std::memcpy(copy, string, length + 1);
  ++entries;
  table[place] = {hash, static_cast<std::uint32_t>(offset_of(copy) / 8)};
  return offset_of(copy);
}

const char* text(Offset offset) noexcept { return offset == 0 ? "" : at<char>(offset); }

}  // namespace ar::track
