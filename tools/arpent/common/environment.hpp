// The help about environment variables (platform/options.hpp), and the environment of child processes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

// The text of `arpent help environment`.
[[nodiscard]] std::string environment_help();

// A variable that people may set.
struct EnvironmentVariable {
  std::string name;
  std::string accepted;  // "path", or the values
  std::string meaning;   // sentences
  std::string default_value;
  std::string readers;
};
[[nodiscard]] std::vector<EnvironmentVariable> environment_variables();

// A process environment as exec wants it: "NAME=value".
class Environment {
 public:
  // A copy of this process's own.
  [[nodiscard]] static Environment current();

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void unset(std::string_view name);
  [[nodiscard]] const std::vector<std::string>& entries() const { return entries_; }

 private:
  std::vector<std::string> entries_;
};

}  // namespace ar::command
