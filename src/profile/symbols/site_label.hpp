// How a site and its callers are named in texts, on one line each. What is returned is printable.
#pragma once

#include <string>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {

// `src/tree.c:41  "node"` for annotated sites, `make_node  src/tree.c:41` for others, `libfoo.so+0x12` if
// there is no debug information.
[[nodiscard]] std::string site_label(const Site& site, StackFrames& frames);

// Who called the user's frame, a line each, outwards.
[[nodiscard]] std::vector<std::string> callers_of(const Site& site, StackFrames& frames);

// "main  src/main.cpp:12".
[[nodiscard]] std::string one_line(const StackFrame& frame);

}  // namespace ar::profile
