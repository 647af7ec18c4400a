#include "arpent/binary/archive.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "arpent/binary/input.hpp"

namespace ar::command::binary {
namespace {

constexpr std::size_t magic_size = 8;
constexpr std::size_t header_size = 60;
constexpr std::size_t name_size = 16;
constexpr std::size_t size_at = 48;
constexpr std::size_t size_size = 10;
constexpr std::size_t end_at = 58;

std::string_view without_trailing(std::string_view text, char what) {
  while (text.ends_with(what)) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  text = without_trailing(text, ' ');
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

bool is_symbol_table(std::string_view name) {
  return name == "/" || name == "/SYM64/" || name.starts_with("__.SYMDEF");
}

// The name out of GNU's table of long names, where each ends with "/\n".
std::string long_name(std::string_view table, std::string_view offset_text) {
  const auto offset = decimal(offset_text);
  if (!offset || *offset >= table.size()) {
    return {};
  }
  const std::string_view rest = table.substr(*offset);
  return std::string{without_trailing(rest.substr(0, rest.find('\n')), '/')};
}

}  // namespace

Archive read_archive(std::string_view bytes) {
  const bool thin = format_of(bytes) == Format::thin_archive;
  Archive archive;
  std::string_view long_names;
  for (std::size_t at = magic_size; at < bytes.size();) {
    if (bytes.size() - at < header_size) {
      archive.damage = fmt::format("is cut off: {} bytes at its end are no whole member", bytes.size() - at);
      return archive;
    }
    const std::string_view header = bytes.substr(at, header_size);
    const auto size = decimal(header.substr(size_at, size_size));
    if (header.substr(end_at) != "`\n" || !size) {
      archive.damage = fmt::format("is damaged: what stands at byte {} is no member of an archive", at);
      return archive;
    }
    at += header_size;
    const std::string_view name = without_trailing(header.substr(0, name_size), ' ');
    const bool table = is_symbol_table(name) || name == "//";
    const bool has_bytes = !thin || table;
    if (has_bytes && *size > bytes.size() - at) {
      archive.damage = fmt::format("is cut off: its member '{}' would end at byte {}, and the archive has {}",
                                   without_trailing(name, '/'), at + *size, bytes.size());
      return archive;
    }
    std::string_view content = has_bytes ? bytes.substr(at, *size) : std::string_view{};
    at += has_bytes ? *size + *size % 2 : 0;
    if (name == "//") {
      long_names = content;
      continue;
    }
    if (is_symbol_table(name)) {
      continue;
    }
    ArchiveMember member;
    if (name.starts_with("#1/")) {  // BSD: the name stands before the content
      const auto length = decimal(name.substr(3));
      if (!length || *length > content.size()) {
        archive.damage =
            fmt::format("is damaged: the name of the member at byte {} does not fit into it", at);
        return archive;
      }
      member.name = without_trailing(content.substr(0, *length), '\0');
      content.remove_prefix(*length);
    } else if (name.size() > 1 && name.front() == '/') {
      member.name = long_name(long_names, name.substr(1));
    } else {
      member.name = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
    }
    if (is_symbol_table(member.name)) {
      continue;
    }
    if (member.name.empty()) {
      archive.damage = "is damaged: a member's name is not in its table of names";
      return archive;
    }
    member.bytes = content;
    archive.members.push_back(std::move(member));
  }
  return archive;
}

}  // namespace ar::command::binary
