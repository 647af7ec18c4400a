#include "general_purpose/descriptions.hpp"

#include <cstring>

namespace ar::general_purpose {

// Texts lie in rooms one after the other; the table says where each begins.
struct DescriptionTable {
  static constexpr std::size_t entries = 1024;
  static constexpr std::size_t room_size = std::size_t{64} << 10U;

  const char* texts[entries];
  std::size_t count;
  std::size_t used;  // bytes of the room
  char room[room_size];
};

namespace {

// A table that is nearly full would take long to search, and descriptions that never end help nobody.
constexpr std::size_t most_descriptions = DescriptionTable::entries / 4 * 3;

std::size_t hash_of(const char* text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (; *text != '\0'; ++text) {
    hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3ULL;
  }
  return hash ^ (hash >> 32U);
}

}  // namespace

const char* keep_description(State& state, const char* text) noexcept {
  if (text == nullptr) {
    return nullptr;
  }
  if (state.descriptions == nullptr) {
    state.descriptions = static_cast<DescriptionTable*>(take_own(state, sizeof(DescriptionTable)));
  }
  DescriptionTable* table = state.descriptions;
  if (table == nullptr) {
    return nullptr;
  }
  std::size_t i = hash_of(text) % DescriptionTable::entries;
  for (; table->texts[i] != nullptr; i = (i + 1) % DescriptionTable::entries) {
    if (std::strcmp(table->texts[i], text) == 0) {
      return table->texts[i];
    }
  }
  const std::size_t size = std::strlen(text) + 1;
  if (table->count == most_descriptions || size > DescriptionTable::room_size - table->used) {
    return nullptr;
  }
  char* copy = table->room + table->used;
  std::memcpy(copy, text, size);
  table->used += size;
  ++table->count;
  table->texts[i] = copy;
  return copy;
}

void release_descriptions(State& state) noexcept {
  if (state.descriptions != nullptr) {
    give_own(state, state.descriptions, sizeof(DescriptionTable));
    state.descriptions = nullptr;
  }
}

}  // namespace ar::general_purpose
