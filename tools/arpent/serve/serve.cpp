// arpent serve: the tracked processes of this user, for Prometheus and for what scrapes pprof's profiles.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/http_access.hpp"
#include "arpent/common/http_serving.hpp"
#include "arpent/common/live_profile.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/serve/served_metrics.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/pprof_writer.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent serve";
constexpr int default_port = 9468;

struct Options {
  std::string address = "127.0.0.1";
  int port = default_port;
  std::string token_file;  // empty: a random token for this run
  bool no_token = false;
  bool no_command_line = false;
};

bool is_loopback(std::string_view address) { return address == "127.0.0.1" || address == "::1"; }

std::string listed(const std::vector<int>& processes) {
  return processes.empty() ? "no process is tracked"
                           : fmt::format("?pid= one of {}", fmt::join(processes, ", "));
}

HttpResponse metrics_response(const HttpRequest& request) {
  std::vector<profile::Profile> profiles;
  for (const int pid : tracked_processes()) {
    if (auto profile = read_live_profile(pid)) {  // else it has just ended
      profiles.push_back(std::move(*profile));
    }
  }
  const bool openmetrics = request.header("accept").contains("application/openmetrics-text");
  return content_response(
      metrics_text(profiles, openmetrics ? MetricsFormat::openmetrics : MetricsFormat::prometheus),
      openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                  : "text/plain; version=0.0.4; charset=utf-8");
}

HttpResponse heap_response(const HttpRequest& request, bool no_command_line) {
  const std::string text{request.parameter("pid").value_or(std::string_view{})};
  int pid = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, pid);
  if (text.empty()) {
    const std::vector<int> processes = tracked_processes();
    if (processes.size() != 1) {
      return text_response(400, listed(processes));
    }
    pid = processes.front();
  } else if (number.ec != std::errc{} || number.ptr != end || pid <= 0) {
    return text_response(400, listed(tracked_processes()));
  }
  auto profile = read_live_profile(pid);
  if (!profile) {
    return text_response(404, profile.error());
  }
  if (no_command_line) {
    profile->command_line.clear();
  }
  profile::Symbolizer symbolizer;
  HttpResponse response = content_response(pprof_profile(*profile, symbolizer), "application/octet-stream");
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"heap-{}.pb.gz\"", pid));
  return response;
}

HttpResponse list_response() {
  std::string text = "arpent serve\n/metrics\n/debug/pprof/heap?pid=PID\n\ntracked processes:";
  for (const int pid : tracked_processes()) {
    const auto profile = read_live_profile(pid);
    text += fmt::format("\n{} {}", pid, profile ? profile::printable(profile->program) : "");
  }
  return text_response(200, text);
}

bool asks_for_heap(const HttpRequest& request) { return request.path == "/debug/pprof/heap"; }

HttpResponse respond(const HttpRequest& request, bool no_command_line) {
  if (request.path == "/metrics") {
    return metrics_response(request);
  }
  if (asks_for_heap(request)) {
    return heap_response(request, no_command_line);
  }
  return request.path == "/" ? list_response() : text_response(404, "see / for what there is");
}

// A request under another name could come from a web page in this user's browser. One that bears the token of
// a file comes from a scraper, perhaps through a proxy that has a name of its own.
std::optional<HttpResponse> refusal(const HttpRequest& request, const AccessToken& token, bool any_name) {
  if (!any_name && !names_this_machine(request)) {
    return text_response(403, "this server answers to localhost only");
  }
  return token.refuse(request);
}

// The error is an exit status; the failure has been reported.
std::expected<AccessToken, int> find_token(const Options& options) {
  if (options.no_token) {
    return AccessToken{};
  }
  if (options.token_file.empty() && is_log(STDOUT_FILENO)) {
    complain(name,
             "standard output goes to a file or log that other users can read, so a token cannot be printed "
             "there; give --token-file, or --no-token to do without");
    return std::unexpected(status_unreadable);
  }
  auto token = options.token_file.empty() ? AccessToken::random() : AccessToken::of_file(options.token_file);
  if (!token) {
    complain(name, token.error());
    return std::unexpected(status_unreadable);
  }
  return std::move(*token);
}

int serve_with(const Options& options, const AccessToken& token) {
  const std::string host =
      options.address.contains(':') ? fmt::format("[{}]", options.address) : options.address;
  const bool has_file = !options.token_file.empty();
  const bool served = serve_until_stopped(
      {.address = options.address,
       .port = options.port,
       .listening =
           [&](int port) {
             const std::string shown =
                 token.is_needed() && !has_file ? "?token=" + token.text() : std::string{};
             fmt::print("http://{}:{}/metrics{}\n", host, port, shown);
             std::fflush(stdout);
           },
       .refuse = [&](const HttpRequest& request) { return refusal(request, token, has_file); },
       .answer = [&](const HttpRequest& request) { return respond(request, options.no_command_line); },
       // Functions and lines are found in debug information, which may be large.
       .takes_much_memory = asks_for_heap});
  if (!served) {
    complain(name,
             fmt::format("cannot listen on port {} of {}: it is taken, or the address is not this machine's",
                         options.port, profile::in_quotes(options.address)));
  }
  return served ? status_success : status_unreadable;
}

int serve(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Answers Prometheus (/metrics) and what scrapes pprof's profiles (/debug/pprof/heap?pid=PID) with "
      "what\n"
      "the processes that 'arpent run' started hold now; those of this user alone. Requests must bear a "
      "token.\n"
      "Ends by SIGINT or SIGTERM.",
      std::string{name}};
  Options options;
  line.option("--listen", options.address,
              "Address to listen on; any but a loopback address needs a --token-file")
      .value("ADDRESS")
      .with_default_in_help();
  line.option("--port", options.port, "Port to listen on; 0 takes any that is free")
      .value("PORT")
      .between(0, 65535)
      .with_default_in_help();
  const auto token_file = line.option("--token-file", options.token_file,
                                      "File with a token in its first line, which requests must bear "
                                      "(Authorization: Bearer TOKEN); created if it does not exist")
                              .value("FILE");
  add_no_token_option(line, options.no_token).not_beside(token_file);
  add_no_command_line_option(line, options.no_command_line);
  line.footer(
      "Example:\n"
      "  arpent serve --token-file ~/.config/arpent-token\n"
      "\n"
      "Exit status: 0 when it was told to end; 2 for wrong options; 3 when it cannot listen, or the token\n"
      "not be read.");
  line.usage("arpent serve [--listen ADDRESS] [--port PORT] [--token-file FILE | --no-token]");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  if (options.token_file.empty() && !is_loopback(options.address)) {
    complain(name, fmt::format(
                       "--listen {} needs a --token-file: who can reach it could read your programs' memory "
                       "profiles",
                       profile::in_quotes(options.address)));
    return status_usage;
  }
  const auto token = find_token(options);
  return token ? serve_with(options, *token) : token.error();
}

}  // namespace

const Subcommand serve_subcommand{.name = "serve",
                                  .summary = "answers Prometheus and pprof with what running processes hold",
                                  .main = &serve};

}  // namespace ar::command
