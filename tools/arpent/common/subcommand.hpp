// What a subcommand is, and how all of them report on standard error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

struct Subcommand {
  std::string_view name;
  std::string_view summary;                                // one line without full stop
  int (*main)(const std::vector<std::string>& arguments);  // what follows the name; returns the exit status
};

// "arpent run: WHAT" and a newline on standard error, in one write.
void complain(std::string_view command, std::string_view what);

}  // namespace ar::command
