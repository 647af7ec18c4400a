#include "arpent/learn/compiler_command.hpp"

namespace ar::command::learn {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';  // the quote that is open
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    const bool is_blank = letter == ' ' || letter == '\t' || letter == '\n';
    if (quote == '\0' && is_blank) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      words.emplace_back();
      in_word = true;
    }
    if (letter == quote) {
      quote = '\0';
    } else if (quote == '\0' && (letter == '"' || letter == '\'')) {
      quote = letter;
    } else if (letter == '\\' && quote != '\'' && at + 1 < text.size()) {
      words.back().push_back(text[++at]);
    } else {
      words.back().push_back(letter);
    }
  }
  return words;
}

std::vector<std::string> chosen_compiler(const Environment& environment, std::string_view variable,
                                         const char* otherwise) {
  const auto chosen = environment.get(variable);
  std::vector<std::string> words = chosen ? words_of(*chosen) : std::vector<std::string>{};
  return words.empty() ? std::vector<std::string>{otherwise} : words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

}  // namespace ar::command::learn
