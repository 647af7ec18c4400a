#include "arpent/common/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "arpent/common/command_description.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/subcommand.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

class FormatterWithUsage : public CLI::Formatter {
 public:
  explicit FormatterWithUsage(std::string usage) : usage_(std::move(usage)) {}
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return fmt::format("Usage: {}\n", usage_);
  }

 private:
  std::string usage_;
};

std::string first_line(std::string_view text) { return std::string{text.substr(0, text.find('\n'))}; }

CommandDescription* wanted_description = nullptr;

// "TEXT:{a,b}" and "N:INT in [1 - 9]" are how CLI11 writes what it accepts.
void describe_value(const CLI::Option& option, OptionDescription& described) {
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  described.value = type.substr(0, colon);
  if (colon == std::string::npos) {
    return;
  }
  const std::string accepted = type.substr(colon + 1);
  const std::size_t in = accepted.find(" in [");
  if (accepted.starts_with('{') && accepted.ends_with('}')) {
    described.choices = CLI::detail::split(accepted.substr(1, accepted.size() - 2), ',');
  } else if (in != std::string::npos && accepted.ends_with(']')) {
    described.range = accepted.substr(in + 5, accepted.size() - in - 6);
  }
}

OptionDescription described(const CLI::Option& option) {
  OptionDescription result;
  if (option.nonpositional()) {
    for (const std::string& name : option.get_snames()) {
      result.names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
      result.names.push_back("--" + name);
    }
  } else {
    result.names = {option.get_name(true)};
  }
  if (option.get_items_expected_max() > 0) {
    describe_value(option, result);
    result.default_value = option.get_default_str();
  }
  result.text = option.get_description();
  result.is_required = option.get_required();
  result.repeats = option.get_expected_max() > 1;
  return result;
}

CommandDescription described(const CLI::App& app, const std::string& name) {
  CommandDescription result;
  result.name = name;
  result.text = app.get_description();
  result.notes = app.get_footer();
  const std::string help = app.help();
  const std::string_view heading = "Usage: ";
  if (const std::size_t start = help.find(heading); start != std::string::npos) {
    result.usage = first_line(std::string_view{help}.substr(start + heading.size()));
  }
  for (const CLI::Option* const option : app.get_options()) {
    if (!option->get_group().empty()) {  // help shows it
      (option->nonpositional() ? result.options : result.arguments).push_back(described(*option));
    }
  }
  for (const CLI::App* const command : app.get_subcommands({})) {
    result.commands.push_back(described(*command, name + " " + command->get_name()));
  }
  return result;
}

}  // namespace

CommandLine::Option CommandLine::Option::required() const { return Option{*option_->required()}; }

CommandLine::Option CommandLine::Option::value(const std::string& name) const {
  return Option{*option_->type_name(name)};
}

CommandLine::Option CommandLine::Option::between(int lowest, int highest) const {
  return Option{*option_->check(CLI::Range(lowest, highest))};
}

CommandLine::Option CommandLine::Option::between(double lowest, double highest) const {
  return Option{*option_->check(CLI::Range(lowest, highest))};
}

CommandLine::Option CommandLine::Option::one_of(const std::vector<std::string>& names) const {
  return Option{*option_->check(CLI::IsMember(names))};
}

CommandLine::Option CommandLine::Option::bytes_with_unit() const {
  return Option{*option_->transform(CLI::AsSizeValue(false))};
}

CommandLine::Option CommandLine::Option::times(int least, int most) const {
  return Option{*option_->expected(least, most)};
}

CommandLine::Option CommandLine::Option::not_beside(Option other) const {
  return Option{*option_->excludes(other.option_)};
}

CommandLine::Option CommandLine::Option::check(std::function<std::string(const std::string&)> problem) const {
  return Option{*option_->check(std::move(problem))};
}

CommandLine::Option CommandLine::Option::with_default_in_help() const {
  return Option{*option_->capture_default_str()};
}

CommandLine::Option CommandLine::Option::with_default_in_help(const std::string& text) const {
  return Option{*option_->default_str(text)};
}

CommandLine::Option CommandLine::Option::hidden() const { return Option{*option_->group("")}; }

bool CommandLine::Option::is_given() const { return option_->count() != 0; }

CommandLine::CommandLine(const std::string& description, const std::string& name)
    : app_{std::make_shared<CLI::App>(description, name)} {}

CommandLine::CommandLine(std::shared_ptr<CLI::App> app) : app_{std::move(app)} {}

template <typename Value>
CommandLine::Option CommandLine::option(const std::string& name, Value& value,
                                        const std::string& description) {
  return Option{*app_->add_option(name, value, description)};
}

template CommandLine::Option CommandLine::option(const std::string&, int&, const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, std::uint32_t&, const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, std::size_t&, const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, std::optional<std::size_t>&,
                                                 const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, double&, const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, std::string&, const std::string&);
template CommandLine::Option CommandLine::option(const std::string&, std::vector<std::string>&,
                                                 const std::string&);

CommandLine::Option CommandLine::flag(const std::string& name, bool& value, const std::string& description) {
  return Option{*app_->add_flag(name, value, description)};
}

CommandLine CommandLine::verb(const std::string& name, const std::string& summary) {
  CLI::App* const added = app_->add_subcommand(name, summary);
  return CommandLine{app_->get_subcommand_ptr(added)};
}

void CommandLine::usage(const std::string& text) {
  app_->formatter(std::make_shared<FormatterWithUsage>(text));
}

void CommandLine::footer(const std::string& text) { app_->footer(text); }

void CommandLine::describe_instead_of_parsing(CommandDescription* description) {
  wanted_description = description;
}

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments) {
  if (wanted_description != nullptr) {
    *wanted_description = described(*app_, app_->get_name());
    return status_success;
  }
  if (!app_->get_subcommands({}).empty()) {
    app_->require_subcommand(1);
  }
  // CLI11 takes them last first.
  std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
  try {
    app_->parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app_->help());
    return std::fflush(stdout) == 0 ? status_success : status_failure;
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> unknown = app_->remaining();
    const std::string first = unknown.empty() ? std::string{} : unknown.front();
    complain(app_->get_name(), fmt::format("there is no {} {}; see '{} --help'",
                                           first.starts_with('-') ? "option" : "place for",
                                           profile::in_quotes(first), app_->get_name()));
    return status_usage;
  } catch (const CLI::ParseError& error) {
    complain(app_->get_name(),
             fmt::format("{}; see '{} --help'", first_line(error.what()), app_->get_name()));
    return status_usage;
  }
  return std::nullopt;
}

bool CommandLine::is_given(const std::string& option) const { return app_->count(option) != 0; }

std::string CommandLine::chosen_verb() const { return app_->get_subcommands().front()->get_name(); }

bool CommandLine::takes_value(std::string_view option) const {
  const CLI::Option* const found = app_->get_option_no_throw(std::string{option});
  return found != nullptr && found->get_items_expected_max() > 0;
}

}  // namespace ar::command
