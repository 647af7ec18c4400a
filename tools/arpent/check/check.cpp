// arpent check FILE…: how modules were compiled, and whether they mix configurations.
#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "arpent/check/findings.hpp"
#include "arpent/check/json_report.hpp"
#include "arpent/check/text_report.hpp"
#include "arpent/check/verdict.hpp"
#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

// Beside those of exit_status.hpp; docs/commands/check.md lists them.
constexpr int status_mixed = 1;
constexpr int status_not_checked = 3;

int check_files(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Lists the modules of objects, archives, libraries and executables by their configuration:\n"
      "tracked (compiled with DEBUG) or not, as their notes say; which carry no note, which lack debug\n"
      "information, which call malloc, free, new or delete directly, and whose malloc will be used.\n"
      "The files are only read. All objects and archives are taken for one program, and so is an\n"
      "executable with those of the given libraries that it needs.",
      "arpent check"};
  std::vector<std::string> files;
  line.option("FILE", files, "Object, archive, shared library or executable").value("FILE").required();
  bool strict = false;
  line.flag("--strict", strict, "Exit with 1 when tracked and untracked modules are mixed");
  bool all = false;
  line.flag("--all", all, "List every module, also the many without a note");
  bool quiet = false;
  line.flag("--quiet", quiet, "Print the report only when configurations are mixed");
  std::string format = "text";
  line.option("--format", format, "text (for people) or json (for programs)")
      .one_of({"text", "json"})
      .with_default_in_help();
  line.footer(
      "Example: may these be linked to one program?\n"
      "  arpent check --strict main.o libstore.a libindex.a\n"
      "\n"
      "Exit status: 0; 1 a mixture, with --strict; 2 wrong options; 3 a file could not be checked (the\n"
      "others were), or the output not be written.");
  line.usage("arpent check [--strict] [--quiet] [--all] [--format text|json] FILE…");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  const check::Findings findings = check::examine(files);
  for (const check::Problem& problem : findings.problems) {
    complain("arpent check",
             fmt::format("{} {}", profile::in_quotes(problem.file), profile::printable(problem.what)));
  }
  const bool colour = allows_colour(STDOUT_FILENO);
  const std::string report = format == "json"
                                 ? check::json_report(findings)
                                 : check::text_report(findings, {.all_modules = all, .colour = colour});
  const bool mixed = check::any_mixed(findings);
  if ((mixed || !quiet) && !write_output("arpent check", {}, report)) {
    return status_not_checked;
  }
  if (strict && mixed) {
    complain("arpent check", "tracked and untracked modules are mixed");
    return status_mixed;
  }
  return findings.problems.empty() ? status_success : status_not_checked;
}

}  // namespace

const Subcommand check_subcommand{.name = "check",
                                  .summary = "says how modules were compiled, and where that is mixed",
                                  .main = &check_files};

}  // namespace ar::command
