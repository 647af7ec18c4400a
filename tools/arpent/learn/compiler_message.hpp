// What a compiler says about an exercise, shortened to what a learner can use.
#pragma once

#include <string>
#include <string_view>

#include "arpent/learn/track.hpp"

namespace ar::command::learn {

// The first errors of the output of g++, clang or zig, a line each, with the place in the learner's file that
// led to them and the source text there. `source` is the text of that file.
[[nodiscard]] std::string shortened(std::string_view compiler_output, std::string_view source,
                                    Track track = Track::cpp);

// The first line of the output that reports an error, or else its first line.
[[nodiscard]] std::string first_error_in(std::string_view compiler_output);

}  // namespace ar::command::learn
