#include "ml/json_reader.hpp"

namespace ar::ml::safetensors {

namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | (code >> 6U));
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3fU));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

}  // namespace

bool JsonReader::wrong(const std::string& what) {
  if (mistake_.empty()) {
    mistake_ = "byte " + std::to_string(at_) + " of the header: " + what;
  }
  return false;
}

void JsonReader::skip_space() noexcept {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

bool JsonReader::take(char wanted) noexcept {
  skip_space();
  if (at_ == text_.size() || text_[at_] != wanted) {
    return false;
  }
  ++at_;
  return true;
}

bool JsonReader::expect(char wanted) {
  return take(wanted) || wrong(std::string("'") + wanted + "' is missing");
}

bool JsonReader::end() {
  skip_space();
  return at_ == text_.size() || wrong("there is more after the end of the object");
}

bool JsonReader::string(std::string& result) {
  result.clear();
  if (!expect('"')) {
    return false;
  }
  while (at_ < text_.size()) {
    const char next = text_[at_];
    if (next == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(next) < 0x20) {
      return wrong("a control character in a string");
    }
    if (next != '\\') {
      result.push_back(next);
      ++at_;
    } else if (!escape(result)) {
      return false;
    }
  }
  return wrong("a string without end");
}

bool JsonReader::escape(std::string& result) {
  ++at_;
  if (at_ == text_.size()) {
    return wrong("a string without end");
  }
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const char letter = text_[at_];
  if (const std::size_t index = letters.find(letter); index != std::string_view::npos) {
    result.push_back(meanings[index]);
    ++at_;
    return true;
  }
  std::uint32_t code = 0;
  if (letter != 'u') {
    return wrong("an escape that JSON does not have");
  }
  ++at_;
  if (!hex4(code)) {
    return false;
  }
  if (code >= 0xd800 && code < 0xdc00) {  // the first of two that make one character
    std::uint32_t low = 0;
    if (text_.substr(at_, 2) != "\\u") {
      return wrong("half of a surrogate pair");
    }
    at_ += 2;
    if (!hex4(low)) {
      return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
      return wrong("half of a surrogate pair");
    }
    code = 0x10000U + ((code - 0xd800U) << 10U) + (low - 0xdc00U);
  } else if (code >= 0xdc00 && code <= 0xdfff) {
    return wrong("half of a surrogate pair");
  }
  append_utf8(result, code);
  return true;
}

bool JsonReader::hex4(std::uint32_t& unit) {
  static constexpr std::string_view digits = "0123456789abcdef";
  unit = 0;
  for (int count = 0; count < 4; ++count) {
    const char letter = at_ < text_.size() ? text_[at_] : ' ';
    const char lower = letter >= 'A' && letter <= 'F' ? static_cast<char>(letter - 'A' + 'a') : letter;
    const std::size_t digit = digits.find(lower);
    if (digit == std::string_view::npos) {
      return wrong("\\u without four hexadecimal digits");
    }
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
    ++at_;
  }
  return true;
}

bool JsonReader::number(std::uint64_t& result) {
  skip_space();
  const auto is_digit = [&] { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; };
  if (!is_digit()) {
    return wrong("a whole number, not negative, is missing");
  }
  const bool starts_with_zero = text_[at_] == '0';
  result = 0;
  for (std::size_t count = 0; is_digit(); ++count, ++at_) {
    if (count == 1 && starts_with_zero) {
      return wrong("a number that begins with 0");
    }
    const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
    if (result > (UINT64_MAX - digit) / 10) {
      overflowed_ = true;
      return wrong("a number of 2^64 or more");
    }
    result = result * 10 + digit;
  }
  if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')) {
    return wrong("a number that is not whole digits");
  }
  return true;
}

bool JsonReader::take_word(std::string_view word) noexcept {
  skip_space();
  if (!text_.substr(at_).starts_with(word)) {
    return false;
  }
  at_ += word.size();
  return true;
}

bool JsonReader::skip_number() {
  const auto digits = [&] {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      ++at_;
    }
    return at_ - begin;
  };
  const auto one_of = [&](std::string_view letters) {
    const bool is_there = at_ < text_.size() && letters.find(text_[at_]) != std::string_view::npos;
    at_ += is_there ? 1 : 0;
    return is_there;
  };
  one_of("-");
  const std::size_t whole = at_;
  if (const std::size_t count = digits(); count == 0 || (count > 1 && text_[whole] == '0')) {
    return wrong(count == 0 ? "a value is missing" : "a number that begins with 0");
  }
  if (one_of(".") && digits() == 0) {
    return wrong("a number without digits after the point");
  }
  if (one_of("eE")) {
    one_of("+-");
    if (digits() == 0) {
      return wrong("a number without digits in its exponent");
    }
  }
  return true;
}

bool JsonReader::skip_scalar() {
  skip_space();
  std::string text;
  if (at_ < text_.size() && text_[at_] == '"') {
    return string(text);
  }
  return take_word("null") || take_word("true") || take_word("false") || skip_number();
}

bool JsonReader::skip_value() {
  std::string open;  // the brackets that are to be closed, innermost last
  const auto key = [&] {
    std::string text;
    return string(text) && expect(':');
  };
  while (true) {
    if (take('[')) {
      if (!take(']')) {
        open.push_back(']');
        continue;
      }
    } else if (take('{')) {
      if (!take('}')) {
        open.push_back('}');
        if (!key()) {
          return false;
        }
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    // A value has ended: so may what it stands in.
    while (!open.empty() && take(open.back())) {
      open.pop_back();
    }
    if (open.empty()) {
      return true;
    }
    if (!expect(',') || (open.back() == '}' && !key())) {
      return false;
    }
  }
}

}  // namespace ar::ml::safetensors
