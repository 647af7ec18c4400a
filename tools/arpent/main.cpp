// The command `arpent`: finds the subcommand and hands over.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "arpent/common/exit_status.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"

namespace {

using namespace ar::command;

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    complain("arpent", "what shall be done? See 'arpent help'");
    return status_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--version") {
    fmt::print("arpent {}\n", ARPENT_VERSION);
    return std::fflush(stdout) == 0 ? status_success : status_failure;
  }
  const std::vector<std::string> rest{arguments.begin() + 1, arguments.end()};
  if (name == "--help" || name == "-h") {
    return help_subcommand.main(rest);
  }
  const Subcommand* subcommand = find_subcommand(name);
  if (subcommand == nullptr) {
    complain("arpent",
             fmt::format("there is no {} '{}'; see 'arpent help'",
                         name.starts_with('-') ? "option" : "command", ar::profile::printable(name)));
    return status_usage;
  }
  return subcommand->main(rest);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return dispatch({arguments + (count > 0 ? 1 : 0), arguments + count});
  } catch (const std::exception& error) {
    complain("arpent", error.what());
    return status_own_failure;
  }
}
