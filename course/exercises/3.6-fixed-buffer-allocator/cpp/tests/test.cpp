#include "course.hpp"

#include "exercise.hpp"

namespace {

const std::array<std::string_view, 3> words{"a", "small", "net"};

bool is_within(const char* text, std::span<const std::byte> buffer) {
  const auto* const place = reinterpret_cast<const std::byte*>(text);
  return place >= buffer.data() && place < buffer.data() + buffer.size();
}

void check_join_words() {
  alignas(16) std::array<std::byte, 11> buffer{};
  const auto text = join_words(words, '-', buffer);
  course::expect(text.has_value(), "join_words returns an error though the text fits the buffer exactly");
  course::expect(text->size() == 11,
                 "join_words gives " + std::to_string(text->size()) + " characters, not 11, for a-small-net");
  course::expect(is_within(text->data(), buffer),
                 "the result of join_words is not in the caller's buffer, but in something that may be gone");
  course::expect(std::string_view{text->data(), text->size()} == "a-small-net",
                 "join_words gives another text than a-small-net");
  const auto too_small = join_words(words, '-', std::span{buffer}.first(10));
  course::expect(!too_small.has_value(), "join_words must return the error when the buffer is too small");
  const auto nothing = join_words({}, '-', buffer);
  course::expect(nothing && nothing->empty(), "join_words of no words must be empty");
}

void check_title_of() {
  std::array<std::byte, 64> buffer{};
  const std::string_view title = title_of(words, buffer);
  course::expect(title.size() == 11 && is_within(title.data(), buffer),
                 "title_of does not return the joined words, in the caller's buffer");
  course::expect(title == "a small net", "title_of gives another text than 'a small net'");
  const std::string_view fallback = title_of(words, std::span{buffer}.first(4));
  course::expect(fallback == "a", "title_of must give the first word when the buffer is too small");
  course::expect(fallback.data() == words[0].data(),
                 "title_of must give the first word where it is, not a copy");
  course::expect(title_of({}, buffer).empty(), "title_of of no words must be empty");
}

}  // namespace

int main() {
  course::expect_no_heap("one of the two", [] {
    std::array<std::byte, 64> buffer{};
    static_cast<void>(join_words(words, '-', buffer));
    static_cast<void>(title_of(words, buffer));
  });
  check_join_words();
  check_title_of();
  course::pass();
}
