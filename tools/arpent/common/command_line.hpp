// What a subcommand takes on its command line, and what its help says about it.
//
// It stands before CLI11: a unit that sees CLI11's headers compiles their functions, used or not, which takes
// longer than all else in a subcommand. command_line.cpp is the only such unit, so what walks the declared
// options belongs there too.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ar::command {

struct CommandDescription;

class CommandLine {
 public:
  // What can be said of an option, a flag or an argument beyond its name. It belongs to its CommandLine.
  class Option {
   public:
    explicit Option(CLI::Option& option) : option_{&option} {}

    Option required() const;
    Option value(
        const std::string& name) const;  // as in help; FILE, FOLDER, PID and PROGRAM are completed as such
    Option between(int lowest, int highest) const;
    Option between(double lowest, double highest) const;
    Option one_of(const std::vector<std::string>& names) const;          // help lists them
    Option bytes_with_unit() const;                                      // "1MiB" for 1048576
    Option times(int least, int most) const;                             // how many values it takes
    Option not_beside(Option other) const;                               // only one of the two may be given
    Option check(std::function<std::string(const std::string&)>) const;  // returns what is wrong, or nothing
    Option with_default_in_help() const;                                 // the variable's present value
    Option with_default_in_help(const std::string& text) const;
    Option hidden() const;  // from help

    [[nodiscard]] bool is_given() const;  // after parse

   private:
    CLI::Option* option_;
  };

  // `name` is the full one ("arpent run"): messages begin with it.
  CommandLine(const std::string& description, const std::string& name);

  // Declares an option ("--top", "-o,--output") or, if `name` has no dash, an argument. `value` must outlive
  // this. Defined for the types that command_line.cpp lists.
  template <typename Value>
  Option option(const std::string& name, Value& value, const std::string& description = {});
  Option flag(const std::string& name, bool& value, const std::string& description);

  // Declares a verb below the subcommand ("arpent learn start"); the command line must then have one.
  CommandLine verb(const std::string& name, const std::string& summary);

  void usage(const std::string& text);   // what help shows after "Usage:", where CLI11 cannot know it
  void footer(const std::string& text);  // what help ends with: examples and exit statuses

  // Returns an exit status if the subcommand is finished with that: help was printed to standard output, or
  // one line that names what is wrong to standard error.
  [[nodiscard]] std::optional<int> parse(const std::vector<std::string>& arguments);

  // After parse.
  [[nodiscard]] bool is_given(const std::string& option) const;
  [[nodiscard]] std::string chosen_verb() const;

  // Has the next `parse` of any command line fill `description` instead of parsing; null ends that.
  static void describe_instead_of_parsing(CommandDescription* description);

  // Whether a value follows the option; false if there is no such option.
  [[nodiscard]] bool takes_value(std::string_view option) const;

 private:
  explicit CommandLine(std::shared_ptr<CLI::App> app);

  std::shared_ptr<CLI::App> app_;
};

}  // namespace ar::command
