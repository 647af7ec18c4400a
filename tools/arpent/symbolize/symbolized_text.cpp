#include "arpent/symbolize/symbolized_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "platform/symbolizing.hpp"

namespace ar::command {
namespace {

constexpr std::string_view opening = "[[";
constexpr std::string_view closing = "]]";
constexpr std::string_view only_place = "|place";

struct Token {
  std::string path;
  std::string build_id;
  std::uint64_t offset = 0;
  bool only_place = false;
};

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// As platform/symbolizing.hpp encodes it.
std::string decoded_path(std::string_view path) {
  if (!path.starts_with(platform::encoded_path_mark)) {
    return std::string{path};
  }
  std::string decoded;
  for (std::size_t at = 1; at < path.size(); ++at) {
    unsigned byte = 0;
    const std::string_view digits = path.substr(at + 1, 2);
    const bool is_encoded =
        path[at] == platform::encoded_path_mark && digits.size() == 2 && is_hexadecimal(digits);
    if (is_encoded) {
      std::from_chars(digits.begin(), digits.end(), byte, 16);
      at += 2;
    }
    decoded += is_encoded ? static_cast<char>(byte) : path[at];
  }
  return decoded;
}

// `text` is what stands between the brackets. The path may hold any character, also '|'.
std::optional<Token> token_of(std::string_view text) {
  const bool place_alone = text.ends_with(only_place);
  if (place_alone) {
    text.remove_suffix(only_place.size());
  }
  const std::size_t second = text.rfind('|');
  if (second == std::string_view::npos || second == 0) {
    return std::nullopt;
  }
  const std::size_t first = text.rfind('|', second - 1);
  if (first == std::string_view::npos || first == 0) {
    return std::nullopt;
  }
  const std::string_view build_id = text.substr(first + 1, second - first - 1);
  const std::string_view digits = text.substr(second + 1);
  if (!is_hexadecimal(build_id) || !digits.starts_with("0x")) {
    return std::nullopt;
  }
  Token token{.path = decoded_path(text.substr(0, first)),
              .build_id = std::string{build_id},
              .offset = 0,
              .only_place = place_alone};
  std::ranges::transform(token.build_id, token.build_id.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const char* end = digits.data() + digits.size();
  const auto [parsed, error] = std::from_chars(digits.data() + 2, end, token.offset, 16);
  if (error != std::errc{} || parsed != end || digits.size() == 2) {
    return std::nullopt;
  }
  return token;
}

}  // namespace

std::string symbolized(std::string_view text, profile::Symbolizer& symbolizer) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find(closing);
    if (end == std::string_view::npos) {
      break;
    }
    // The last opening before the end: "[[" may stand in the text for other reasons.
    const std::size_t begin = text.substr(0, end).rfind(opening);
    const auto token = begin == std::string_view::npos
                           ? std::nullopt
                           : token_of(text.substr(begin + opening.size(), end - begin - opening.size()));
    if (token) {
      out += text.substr(0, begin);
      const profile::Location location = symbolizer.locate(token->path, token->build_id, token->offset);
      out += token->only_place ? profile::place_alone(location) : profile::function_at_place(location);
      text.remove_prefix(end + closing.size());
    } else {
      out += text.substr(0, end + 1);  // the second bracket may begin another closing
      text.remove_prefix(end + 1);
    }
  }
  out += text;
  return out;
}

}  // namespace ar::command
