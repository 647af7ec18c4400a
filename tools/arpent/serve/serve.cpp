// arpent serve: the tracked processes of this user, for Prometheus and for what scrapes pprof's profiles.
#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/http_serving.hpp"
#include "arpent/common/live_profile.hpp"
#include "arpent/serve/served_metrics.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/input.hpp"
#include "profile/write/pprof_writer.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent serve";
constexpr int default_port = 9468;
constexpr std::size_t shortest_token = 16;
constexpr std::uint64_t largest_token_file = std::uint64_t{64} << 10U;

struct Options {
  std::string address = "127.0.0.1";
  int port = default_port;
  std::string token_file;
};

bool is_loopback(std::string_view address) { return address == "127.0.0.1" || address == "::1"; }

// Without a token, nothing but the machine itself may ask; a page in its browser asks by another name (DNS
// rebinding).
bool names_this_machine(std::string_view host) {
  for (const std::string_view own : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host == own || (host.starts_with(own) && host.substr(own.size()).starts_with(':'))) {
      return true;
    }
  }
  return false;
}

// Takes as long for a wrong one, whatever of it is right.
bool same_token(std::string_view given, std::string_view token) {
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(other) ^ static_cast<unsigned char>(token[i]));
  }
  return difference == 0;
}

void answer(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", "text/plain; charset=utf-8");
}

std::string listed(const std::vector<int>& processes) {
  return processes.empty() ? "no process is tracked"
                           : fmt::format("?pid= one of {}", fmt::join(processes, ", "));
}

void serve_metrics(const httplib::Request& request, httplib::Response& response) {
  std::vector<profile::Profile> profiles;
  for (const int pid : tracked_processes()) {
    if (auto profile = read_live_profile(pid)) {  // else it has just ended
      profiles.push_back(std::move(*profile));
    }
  }
  const bool openmetrics =
      request.get_header_value("Accept").find("application/openmetrics-text") != std::string::npos;
  response.set_content(
      metrics_text(profiles, openmetrics ? MetricsFormat::openmetrics : MetricsFormat::prometheus),
      openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                  : "text/plain; version=0.0.4; charset=utf-8");
}

void serve_heap(const httplib::Request& request, httplib::Response& response) {
  const std::string text = request.get_param_value("pid");
  int pid = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, pid);
  if (text.empty()) {
    const std::vector<int> processes = tracked_processes();
    if (processes.size() != 1) {
      answer(response, 400, listed(processes));
      return;
    }
    pid = processes.front();
  } else if (number.ec != std::errc{} || number.ptr != end || pid <= 0) {
    answer(response, 400, listed(tracked_processes()));
    return;
  }
  const auto profile = read_live_profile(pid);
  if (!profile) {
    answer(response, 404, profile.error());
    return;
  }
  profile::Symbolizer symbolizer;
  response.set_header("Content-Disposition", fmt::format("attachment; filename=\"heap-{}.pb.gz\"", pid));
  response.set_content(pprof_profile(*profile, symbolizer), "application/octet-stream");
}

void declare_routes(httplib::Server& server, const std::string& token) {
  server.set_pre_routing_handler([token](const httplib::Request& request, httplib::Response& response) {
    using enum httplib::Server::HandlerResponse;
    if (token.empty()) {
      if (names_this_machine(request.get_header_value("Host"))) {
        return Unhandled;
      }
      answer(response, 403, "this server answers to localhost only");
      return Handled;
    }
    constexpr std::string_view scheme = "Bearer ";
    const std::string given = request.get_header_value("Authorization");
    if (given.starts_with(scheme) && same_token(std::string_view{given}.substr(scheme.size()), token)) {
      return Unhandled;
    }
    response.set_header("WWW-Authenticate", "Bearer");
    answer(response, 401, "a token is needed: Authorization: Bearer TOKEN");
    return Handled;
  });
  server.Get("/metrics", serve_metrics);
  server.Get("/debug/pprof/heap", serve_heap);
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    std::string text = "arpent serve\n/metrics\n/debug/pprof/heap?pid=PID\n\ntracked processes:";
    for (const int pid : tracked_processes()) {
      const auto profile = read_live_profile(pid);
      text += fmt::format("\n{} {}", pid, profile ? profile::printable(profile->program) : "");
    }
    answer(response, 200, text);
  });
}

std::expected<std::string, std::string> read_token(const std::string& file) {
  const auto text = profile::read_input(file, profile::Streams::accepted, largest_token_file);
  if (!text) {
    return std::unexpected(fmt::format("{} {}", profile::in_quotes(file), text.error()));
  }
  std::expected<std::string, std::string> token{std::in_place, *text, 0, text->find('\n')};
  if (token->size() < shortest_token) {
    return std::unexpected(fmt::format("{} does not begin with a token of at least {} characters",
                                       profile::in_quotes(file), shortest_token));
  }
  return token;
}

int serve_with(const Options& options, const std::string& token) {
  httplib::Server server;
  declare_routes(server, token);
  const std::string host =
      options.address.contains(':') ? fmt::format("[{}]", options.address) : options.address;
  const bool served = serve_until_stopped(server, options.address, options.port, [&](int port) {
    fmt::print("http://{}:{}/metrics\n", host, port);
    std::fflush(stdout);
  });
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
      "the processes that 'arpent run' started hold now; those of this user alone. Ends by SIGINT or "
      "SIGTERM.",
      std::string{name}};
  Options options;
  line.option("--listen", options.address,
              "Address to listen on; another than this machine's own needs a token")
      .value("ADDRESS")
      .with_default_in_help();
  line.option("--port", options.port, "Port to listen on; 0 takes any that is free")
      .value("PORT")
      .between(0, 65535)
      .with_default_in_help();
  line.option("--token-file", options.token_file,
              "File with a token in its first line, which requests must bear (Authorization: Bearer TOKEN)")
      .value("FILE");
  line.footer(
      "Example:\n"
      "  arpent serve &\n"
      "  go tool pprof http://localhost:9468/debug/pprof/heap?pid=4711\n"
      "\n"
      "Exit status: 0 when it was told to end; 2 for wrong options; 3 when it cannot listen, or the token\n"
      "not be read.");
  line.usage("arpent serve [--listen ADDRESS] [--port PORT] [--token-file FILE]");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  std::string token;
  if (!options.token_file.empty()) {
    const auto read = read_token(options.token_file);
    if (!read) {
      complain(name, read.error());
      return status_unreadable;
    }
    token = *read;
  } else if (!is_loopback(options.address)) {
    complain(name, fmt::format(
                       "--listen {} needs a --token-file: who can reach it could read your programs' memory "
                       "profiles",
                       profile::in_quotes(options.address)));
    return status_usage;
  }
  return serve_with(options, token);
}

}  // namespace

const Subcommand serve_subcommand{.name = "serve",
                                  .summary = "answers Prometheus and pprof with what running processes hold",
                                  .main = &serve};

}  // namespace ar::command
