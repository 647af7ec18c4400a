// The findings as people read them.
#pragma once

#include <string>

#include "arpent/check/findings.hpp"

namespace ar::command::check {

struct TextOptions {
  bool all_modules = false;  // also the many without a note
  bool colour = false;
};

[[nodiscard]] std::string text_report(const Findings& findings, const TextOptions& options);

}  // namespace ar::command::check
