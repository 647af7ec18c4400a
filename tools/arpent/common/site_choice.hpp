// The options that choose what of a profile counts: --focus, --ignore and --suppressions.
#pragma once

#include <expected>
#include <string>

#include "arpent/common/command_line.hpp"
#include "arpent/common/failure.hpp"
#include "profile/change/selection.hpp"
#include "profile/change/suppressions.hpp"

namespace ar::command {

// As given on the command line; empty if not given.
struct SiteChoiceOptions {
  std::string focus;
  std::string ignore;
  std::string suppressions;
};

struct SiteChoice {
  profile::Selection selection;
  profile::Suppressions suppressions;
};

// `options` must outlive `line`.
void add_site_choice_options(CommandLine& line, SiteChoiceOptions& options);

// Reads the expressions and the file of suppressions.
[[nodiscard]] std::expected<SiteChoice, Failure> read_site_choice(const SiteChoiceOptions& options);

}  // namespace ar::command
