// arpent top PID: what a running process's sites hold, as it changes.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/live_profile.hpp"
#include "arpent/subcommands.hpp"
#include "arpent/top/live_sites.hpp"
#include "arpent/top/top_screen.hpp"
#include "arpent/top/top_text.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent top";
constexpr double shortest_interval = 0.1;  // seconds
constexpr double longest_interval = 3600;
constexpr std::size_t rows_in_text = 20;

struct Options {
  int pid = 0;
  std::string sort = "live";
  std::string filter;
  double interval = 2;
  int count = 0;
};

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool print_once(const LiveSites& process, const Options& options, TopOrder order) {
  for (const std::string& line : summary_lines(process)) {
    fmt::print("{}\n", line);
  }
  const TopColumns columns{order, TopColumns::unlimited};
  fmt::print("{}\n", columns.heading());
  std::vector<LiveSite> sites = process.sites(order, options.filter);
  sites.resize(std::min(sites.size(), rows_in_text));
  for (const LiveSite& site : sites) {
    fmt::print("{}\n", columns.row(site));
  }
  fmt::print("\n");
  return std::fflush(stdout) == 0;
}

int print_tables(LiveSites& process, const Options& options, TopOrder order, const LookAgain& look) {
  for (int printed = 1;; ++printed) {
    if (!print_once(process, options, order)) {
      complain(name, "standard output cannot be written");
      return status_unreadable;
    }
    if (printed == options.count) {
      return status_success;
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval));
    if (!look(process)) {
      return status_success;
    }
  }
}

int top(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Shows what a process that 'arpent run' started holds by site, how that grows, and who allocates "
      "most,\n"
      "again and again. The process is not stopped. Keys sort and filter; the last line of the screen lists\n"
      "them.",
      std::string{name}};
  Options options;
  line.option("PID", options.pid, "The process")
      .value("PID")
      .required()
      .between(1, std::numeric_limits<int>::max());
  std::vector<std::string> orders;
  orders.reserve(all_top_orders.size());
  for (const TopOrder order : all_top_orders) {
    orders.emplace_back(name_of(order));
  }
  line.option("--sort", options.sort, "Figure to sort by").one_of(orders).with_default_in_help();
  line.option("--filter", options.filter, "Only sites whose function, file or description contains this")
      .value("TEXT");
  line.option("--interval", options.interval, "Seconds from one look to the next")
      .value("SECONDS")
      .between(shortest_interval, longest_interval)
      .with_default_in_help();
  line.option("--count", options.count, "Print so many tables instead of showing a screen")
      .value("N")
      .between(1, std::numeric_limits<int>::max());
  line.footer(
      "Examples:\n"
      "  arpent top 4711\n"
      "  arpent top --sort grown --interval 10 --count 6 4711\n"
      "\n"
      "Exit status: 0, also when the process ends meanwhile; 2 for wrong options; 3 when there is no such\n"
      "process, it is another user's or not tracked, or the screen not be shown.");
  line.usage("arpent top [options] PID");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  if (options.count == 0 && (::isatty(STDOUT_FILENO) != 1 || ::isatty(STDIN_FILENO) != 1)) {
    complain(name, "there is no terminal to show a screen on: use --count N");
    return status_usage;
  }
  auto first = read_live_profile(options.pid);
  if (!first) {
    complain(name, first.error());
    return status_unreadable;
  }
  LiveSites process;
  process.look(std::move(*first), seconds_now());
  const LookAgain look = [&](LiveSites& again) {
    auto profile = read_live_profile(options.pid);
    if (profile) {
      again.look(std::move(*profile), seconds_now());
    }
    return profile.has_value();
  };
  const TopOrder order = top_order_named(options.sort).value_or(TopOrder::live);
  if (options.count > 0) {
    return print_tables(process, options, order, look);
  }
  const auto shown =
      show_top(process,
               {.order = order,
                .filter = options.filter,
                .interval = std::chrono::milliseconds{static_cast<std::int64_t>(options.interval * 1000)}},
               look);
  if (!shown) {
    complain(name, shown.error());
    return status_unreadable;
  }
  return status_success;
}

}  // namespace

const Subcommand top_subcommand{
    .name = "top", .summary = "shows what a running process holds, as it changes", .main = &top};

}  // namespace ar::command
