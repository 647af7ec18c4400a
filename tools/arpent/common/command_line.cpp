#include "arpent/common/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

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

}  // namespace

CommandLine::Option CommandLine::Option::required() const { return Option{*option_->required()}; }

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

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments) {
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
