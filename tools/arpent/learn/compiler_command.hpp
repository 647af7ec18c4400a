// The compiler that the learner chose: its command as words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/environment.hpp"

namespace ar::command::learn {

// The words of `text`, as a shell would split it: at blanks, except within quotes and after a backslash.
// Nothing else of a shell's syntax has a meaning. A quote that is not closed ends with the text.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

// The words of the environment variable ("ccache g++"); `otherwise` if it is unset or blank.
[[nodiscard]] std::vector<std::string> chosen_compiler(const Environment& environment,
                                                       std::string_view variable, const char* otherwise);

// The value as one word for a message: the words joined by blanks.
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

}  // namespace ar::command::learn
