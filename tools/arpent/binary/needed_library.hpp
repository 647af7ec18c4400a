// Which file the loader takes for a library that a program needs.
#pragma once

#include <string>

namespace ar::command {

// Asks the program's own loader to list what it would load, without running the program. Empty when it does
// not tell.
[[nodiscard]] std::string path_of_needed(const std::string& library, const std::string& program,
                                         const std::string& loader);

}  // namespace ar::command
