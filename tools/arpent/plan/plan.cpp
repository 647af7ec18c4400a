// arpent plan FILE.csv, arpent plan MODEL.tflite: offsets in one block for tensors whose lifetimes are known.
#include <arpent/ml/plan.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/plan/lifetimes_csv.hpp"
#include "arpent/plan/plan_svg.hpp"
#include "arpent/plan/tflite_lifetimes.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/input.hpp"
#include "profile/write/json.hpp"

namespace ar::command {
namespace {

// Beside those of exit_status.hpp; docs/commands/plan.md lists them.
constexpr int status_does_not_fit = 1;
constexpr int status_not_planned = 3;

constexpr std::string_view name = "arpent plan";
constexpr double longest_time = 86'400;  // seconds

struct Arguments {
  std::string file;
  std::string output;
  std::string svg;
  std::string format = "csv";
  std::size_t alignment = 1;
  std::optional<std::size_t> capacity;
  double seconds = 10;
  std::size_t most_input = profile::default_most_input;
};

// The error is a sentence without a full stop, to be put after the file's name.
std::expected<std::string, std::string> content_of(const std::string& file, std::size_t most) {
  return file == "-" ? profile::read_stream(STDIN_FILENO, most)
                     : profile::read_input(file, profile::Streams::accepted, most);
}

std::expected<plan::LifetimeRows, std::string> lifetimes_of(std::string_view file, std::string_view content) {
  if (plan::is_tflite(content)) {
    return plan::read_tflite(content);
  }
  if (file.ends_with(".tflite")) {
    return std::unexpected("it is no TensorFlow Lite model: 'TFL3' does not stand at its byte 4");
  }
  return plan::read_lifetimes(content);
}

// What all take when each has a place of its own.
std::size_t sum_of(const plan::LifetimeRows& rows) {
  std::size_t sum = 0;
  for (const ml::Lifetime& lifetime : rows.lifetimes) {
    sum += lifetime.size;
  }
  return sum;
}

std::string as_json(const plan::LifetimeRows& rows, const ml::Plan& planned,
                    std::optional<std::size_t> capacity) {
  profile::Json json;
  json["format"] = 1;
  json["total_bytes"] = planned.total;
  json["lower_bound_bytes"] = planned.lower_bound;
  json["sum_bytes"] = sum_of(rows);
  json["ratio"] = planned.ratio();
  json["proved"] = planned.proved;
  json["capacity_bytes"] = capacity ? profile::Json(*capacity) : profile::Json(nullptr);
  json["fits"] = capacity ? profile::Json(planned.total <= *capacity) : profile::Json(nullptr);
  json["tensors"] = profile::Json::array();
  for (std::size_t index = 0; index < rows.ids.size(); ++index) {
    const ml::Lifetime& lifetime = rows.lifetimes[index];
    json["tensors"].push_back({{"id", rows.ids[index]},
                               {"lower", lifetime.lower},
                               {"upper", lifetime.upper},
                               {"size", lifetime.size},
                               {"offset", planned.offsets[index]}});
  }
  return json.indented() + "\n";
}

std::string summary(const plan::LifetimeRows& rows, const ml::Plan& planned) {
  return fmt::format("{} in {} ({}) instead of {}; largest sum alive at once {}; ratio {:.4f}{}",
                     profile::counted(rows.ids.size(), "tensor"), profile::as_size(planned.total),
                     profile::counted(planned.total, "byte"), profile::as_size(sum_of(rows)),
                     profile::counted(planned.lower_bound, "byte"), planned.ratio(),
                     planned.proved ? ", proved to be the least" : "");
}

int fail(std::string_view what) {
  complain(name, what);
  return status_not_planned;
}

void declare(CommandLine& line, Arguments& given) {
  line.option("FILE", given.file, "Lifetimes as comma-separated values, or a model (.tflite)")
      .value("FILE")
      .required();
  add_output_option(line, given.output);
  line.option("--svg", given.svg, "Draw the plan into this file: time across, offset up").value("FILE");
  line.option("--capacity", given.capacity, "Bytes, or as 1MiB: exit with 1 when the plan needs more")
      .value("SIZE")
      .bytes_with_unit();
  line.option("--alignment", given.alignment, "Bytes, a power of two, of all offsets")
      .value("BYTES")
      .with_default_in_help();
  line.option("--time-limit", given.seconds, "Seconds to search for something better")
      .value("SECONDS")
      .between(0.0, longest_time)
      .with_default_in_help();
  add_input_limit_option(line, given.most_input);
  line.option("--format", given.format, "csv, or json (for programs)")
      .one_of({"csv", "json"})
      .with_default_in_help();
  line.footer(
      "Example: does the network fit an accelerator's megabyte?\n"
      "  arpent plan --capacity 1MiB --svg plan.svg --output offsets.csv lifetimes.csv\n"
      "  arpent plan --alignment 64 model.tflite\n"
      "\n"
      "Exit status: 0; 1 the plan is larger than the capacity; 2 wrong options; 3 the file could not be\n"
      "read or makes no sense, or an output not be written.");
  line.usage("arpent plan [options] FILE");
}

int plan_file(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Gives each tensor an offset in one block, so that no two that are alive at once overlap, in as few\n"
      "bytes as possible. FILE.csv has the columns id,lower,upper,size: alive from step lower to before\n"
      "step upper, size in bytes; '-' is standard input. The same rows with a column offset are written to\n"
      "standard output, and a summary to standard error. Instead of rows, FILE may be a TensorFlow Lite "
      "model:\n"
      "then its tensors are planned, and the steps are its operators.",
      std::string{name}};
  Arguments given;
  declare(line, given);
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  if (!std::has_single_bit(given.alignment)) {
    complain(name, fmt::format("--alignment {} is no power of two", given.alignment));
    return status_usage;
  }
  const std::string named = given.file == "-" ? "standard input" : profile::in_quotes(given.file);
  const auto text = content_of(given.file, given.most_input);
  if (!text) {
    return fail(fmt::format("{} {}", named, text.error()));
  }
  const auto rows = lifetimes_of(given.file, *text);
  if (!rows) {
    return fail(fmt::format("{}, {}", named, rows.error()));
  }
  const auto planned =
      ml::plan(rows->lifetimes,
               {.alignment = given.alignment,
                .capacity = given.capacity,
                .time_limit = std::chrono::milliseconds(static_cast<std::int64_t>(given.seconds * 1000))});
  if (!planned) {
    return fail(fmt::format("{}, {} {}: {}", named, plan::is_tflite(*text) ? "tensor" : "line",
                            rows->lines[planned.error().index], ml::message(planned.error().fault)));
  }
  const std::string output = given.format == "json" ? as_json(*rows, *planned, given.capacity)
                                                    : plan::with_offsets(*rows, planned->offsets);
  if (!write_output(name, given.output, output, Readers::as_usual)) {
    return status_not_planned;
  }
  if (!given.svg.empty() &&
      !write_output(name, given.svg, plan::plan_svg(rows->ids, rows->lifetimes, *planned, given.capacity),
                    Readers::as_usual)) {
    return status_not_planned;
  }
  complain(name, summary(*rows, *planned));
  if (given.capacity && planned->total > *given.capacity) {
    complain(name,
             planned->refuted
                 ? fmt::format("no plan fits the capacity of {}", profile::counted(*given.capacity, "byte"))
                 : fmt::format(
                       "no plan was found that fits the capacity of {}; a longer --time-limit may find one",
                       profile::counted(*given.capacity, "byte")));
    return status_does_not_fit;
  }
  return status_success;
}

}  // namespace

const Subcommand plan_subcommand{
    .name = "plan", .summary = "gives tensors with known lifetimes offsets in one block", .main = &plan_file};

}  // namespace ar::command
