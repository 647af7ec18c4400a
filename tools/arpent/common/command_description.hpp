// A command's tree of options, arguments and subcommands as plain data: what man pages and completions are
// made of.
#pragma once

#include <string>
#include <vector>

namespace ar::command {

// An option, or an argument that is recognised by its place.
struct OptionDescription {
  std::vector<std::string> names;    // "-o", "--output"; of an argument one name: "PROFILE"
  std::string value;                 // what its value is: FILE, FOLDER, PID, TEXT …; empty if it takes none
  std::string range;                 // which numbers are accepted: "1 - 512"; empty if all
  std::vector<std::string> choices;  // the words that are accepted; empty if others are too
  std::string default_value;         // empty if there is none
  std::string text;                  // one sentence without full stop
  bool is_required = false;
  bool repeats = false;
};

struct CommandDescription {
  std::string name;   // all of it: "arpent learn start"
  std::string usage;  // what help shows after "Usage: "
  std::string text;   // lines as help shows them
  std::string notes;  // what help shows last: paragraphs with examples and exit statuses
  std::vector<OptionDescription> options;
  std::vector<OptionDescription> arguments;  // in their order
  std::vector<CommandDescription> commands;
};

}  // namespace ar::command
