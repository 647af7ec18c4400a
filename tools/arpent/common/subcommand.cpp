#include "arpent/common/subcommand.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "arpent/common/exit_status.hpp"
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

std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments) {
  // CLI11 takes them last first.
  std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return std::fflush(stdout) == 0 ? status_success : status_failure;
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> unknown = app.remaining();
    const std::string first = unknown.empty() ? std::string{} : unknown.front();
    complain(app.get_name(), fmt::format("there is no {} {}; see '{} --help'",
                                         first.starts_with('-') ? "option" : "place for",
                                         profile::in_quotes(first), app.get_name()));
    return status_usage;
  } catch (const CLI::ParseError& error) {
    complain(app.get_name(), fmt::format("{}; see '{} --help'", first_line(error.what()), app.get_name()));
    return status_usage;
  }
  return std::nullopt;
}

void set_usage(CLI::App& app, std::string usage) {
  app.formatter(std::make_shared<FormatterWithUsage>(std::move(usage)));
}

void complain(std::string_view command, std::string_view what) {
  const std::string line = fmt::format("{}: {}\n", command, what);
  // Nothing is left to tell it to when this fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ar::command
