#include "arpent/binary/module_note.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace ar::command::binary {
namespace {

constexpr std::uint32_t known_layout = 1;
constexpr std::size_t name_at = 16;
constexpr std::uint32_t flag_tracked = 1;
constexpr std::uint32_t flag_of_library = 2;

std::uint32_t word(std::string_view bytes, std::size_t index, bool big_endian) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + 4 * index, sizeof value);
  return big_endian == (std::endian::native == std::endian::big) ? value : __builtin_bswap32(value);
}

}  // namespace

std::optional<ModuleNote> read_module_note(std::string_view description, bool big_endian) {
  if (description.size() <= name_at || word(description, 0, big_endian) != known_layout) {
    return std::nullopt;
  }
  const std::string_view name = description.substr(name_at);
  const std::size_t end = name.find('\0');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::uint32_t flags = word(description, 2, big_endian);
  return ModuleNote{.unit = std::string{name.substr(0, end)},
                    .language = word(description, 1, big_endian),
                    .tracked = (flags & flag_tracked) != 0,
                    .of_library = (flags & flag_of_library) != 0,
                    .version = word(description, 3, big_endian)};
}

std::string version_text(std::uint32_t version) {
  return fmt::format("{}.{}.{}", version >> 16U, version >> 8U & 0xffU, version & 0xffU);
}

}  // namespace ar::command::binary
