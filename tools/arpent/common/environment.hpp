// The environment variables of Arpent: one list for help and documentation, and the child's environment.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

struct EnvironmentVariable {
  std::string_view name;
  std::string_view who;      // who reads it
  std::string_view meaning;  // one sentence
  bool set_by_run = false;   // `arpent run` sets it for the program; of no use to people
};

[[nodiscard]] std::span<const EnvironmentVariable> environment_variables();

// The text of `arpent help environment`.
[[nodiscard]] std::string environment_help();

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
