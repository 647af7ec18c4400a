// arpent view PROFILE [AFTER]: the profile as a page, served on loopback or written to a file.
#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

#include "arpent/exit_status.hpp"
#include "arpent/subcommand.hpp"
#include "profile/html_writer.hpp"
#include "profile/page_data.hpp"
#include "profile/reader.hpp"
#include "profile/text_format.hpp"

namespace ar::command {
namespace {

constexpr const char* command = "arpent view";
constexpr int highest_port = 65535;

// Nothing but the page's own inline script and style: no request can leave it, whatever a profile holds.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::optional<std::string> page_of(const std::vector<std::string>& files) {
  profile::Symbolizer symbolizer;
  std::vector<std::string> data;
  for (const std::string& file : files) {
    const auto profile = profile::read_profile_file(file);
    if (!profile) {
      complain(command, fmt::format("{}: {}", profile::in_quotes(file), profile.error()));
      return std::nullopt;
    }
    data.push_back(profile::page_data(*profile, std::filesystem::path{file}.filename().string(), symbolizer));
  }
  return profile::html_page(data);
}

// For the user alone, as the profile is: it holds names, and lines of source.
int write_page(const std::string& page, const std::string& path) {
  const bool to_output = path == "-";
  const int target =
      to_output ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = target >= 0;
  for (std::size_t done = 0; written && done < page.size();) {
    const ssize_t count = ::write(target, page.data() + done, page.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      written = false;
    }
  }
  int error = errno;
  if (target >= 0 && !to_output && ::close(target) != 0 && written) {
    written = false;
    error = errno;
  }
  if (!written) {
    complain(command, fmt::format("{} cannot be written: {}", profile::in_quotes(path),
                                  std::generic_category().message(error)));
    return status_failure;
  }
  return status_success;
}

int serve_page(const std::string& page, int port) {
  // Before the server's threads start, so that they all leave the signals to sigwait.
  sigset_t endings;
  ::sigemptyset(&endings);
  ::sigaddset(&endings, SIGINT);
  ::sigaddset(&endings, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &endings, nullptr);

  httplib::Server server;
  int bound = port;
  if (port == 0) {
    bound = server.bind_to_any_port("127.0.0.1");
  } else if (!server.bind_to_port("127.0.0.1", port)) {
    bound = -1;
  }
  if (bound < 0) {
    complain(command,
             fmt::format("port {} of 127.0.0.1 cannot be had: is it in use? Try another --port", port));
    return status_failure;
  }
  const std::string own_name = fmt::format("127.0.0.1:{}", bound);
  const std::string other_name = fmt::format("localhost:{}", bound);
  server.Get("/", [&](const httplib::Request& request, httplib::Response& response) {
    // A foreign site whose name was pointed at this computer must not read the page.
    const std::string host = request.get_header_value("Host");
    if (host != own_name && host != other_name) {
      response.status = 403;
      response.set_content("ask for 127.0.0.1\n", "text/plain");
      return;
    }
    response.set_header("Content-Security-Policy", content_policy);
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Cache-Control", "no-store");
    response.set_content(page, "text/html; charset=utf-8");
  });
  fmt::print("http://{}/  (Ctrl-C ends it)\n", own_name);
  std::fflush(stdout);
  std::thread listener{[&] { server.listen_after_bind(); }};
  int signal = 0;
  ::sigwait(&endings, &signal);
  while (!server.is_running()) {
    std::this_thread::yield();  // stop() before the server runs would be forgotten
  }
  server.stop();
  listener.join();
  return status_success;
}

int view(const std::vector<std::string>& arguments) {
  CLI::App app{
      "Shows a profile as a page for the browser: flame graph, timeline, leaks, all sites. With two\n"
      "profiles it shows what grew from the first to the second. The page is served to this computer\n"
      "alone until Ctrl-C, or written as one file that works offline. It holds the lines of source\n"
      "around the places that allocate, where they can be read.",
      command};
  set_usage(app, "arpent view [--port N | --output FILE] PROFILE [AFTER]");
  std::vector<std::string> files;
  std::string output;
  int port = 0;
  app.add_option("PROFILE", files, "The profile; a second one is compared with it")
      ->required()
      ->expected(1, 2);
  auto* const output_option =
      app.add_option("-o,--output", output, "Write the page here; '-' is standard output");
  app.add_option("--port", port, "Port on 127.0.0.1; 0, the default, takes a free one")
      ->check(CLI::Range(0, highest_port))
      ->excludes(output_option);
  app.footer(
      "Example:\n"
      "  arpent view --output heap.html program.arpent\n"
      "\n"
      "Exit status: 0, 1 when a profile could not be read, the page not written or the port not be had, 2 "
      "for\n"
      "wrong options.");
  if (const auto status = parse(app, arguments)) {
    return *status;
  }
  const std::optional<std::string> page = page_of(files);
  if (!page) {
    return status_failure;
  }
  return output_option->count() > 0 ? write_page(*page, output) : serve_page(*page, port);
}

}  // namespace

const Subcommand view_subcommand{
    .name = "view", .summary = "shows a profile as a page in the browser", .main = &view};

}  // namespace ar::command
