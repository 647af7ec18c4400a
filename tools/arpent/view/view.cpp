// arpent view PROFILE [AFTER]: the profile as a page, served on loopback or written to a file.
#include <fmt/format.h>
#include <httplib.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/http_serving.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/subcommands.hpp"
#include "profile/write/html_writer.hpp"
#include "profile/write/page_data.hpp"

namespace ar::command {
namespace {

constexpr const char* command = "arpent view";
constexpr int highest_port = 65535;

// Nothing but the page's own inline script and style: no request can leave it, whatever a profile holds.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::optional<std::string> page_of(const std::vector<std::string>& files, std::size_t most_input) {
  profile::Symbolizer symbolizer;
  std::vector<std::string> data;
  for (const std::string& file : files) {
    const auto profile = open_profile(file, most_input);
    if (!profile) {
      complain(command, profile.error());
      return std::nullopt;
    }
    data.push_back(profile::page_data(*profile, std::filesystem::path{file}.filename().string(), symbolizer));
  }
  return profile::html_page(data);
}

int serve_page(const std::string& page, int port) {
  httplib::Server server;
  std::string own_name;
  std::string other_name;
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
  const bool served = serve_until_stopped(server, "127.0.0.1", port, [&](int bound) {
    own_name = fmt::format("127.0.0.1:{}", bound);
    other_name = fmt::format("localhost:{}", bound);
    fmt::print("http://{}/  (Ctrl-C ends it)\n", own_name);
    std::fflush(stdout);
  });
  if (!served) {
    complain(command,
             fmt::format("port {} of 127.0.0.1 cannot be had: is it in use? Try another --port", port));
  }
  return served ? status_success : status_unreadable;
}

int view(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Shows a profile as a page for the browser: flame graph, timeline, leaks, all sites. With two\n"
      "profiles it shows what grew from the first to the second. The page is served to this computer\n"
      "alone until Ctrl-C, or written as one file that works offline. It holds the lines of source\n"
      "around the places that allocate, where they can be read.",
      command};
  line.usage("arpent view [--port N | --output FILE] [--max-input SIZE] PROFILE [AFTER]");
  std::vector<std::string> files;
  std::string output;
  int port = 0;
  std::size_t most_input = profile::default_most_input;
  line.option("PROFILE", files, "The profile; a second one is compared with it")
      .value("FILE")
      .required()
      .times(1, 2);
  const auto output_option = add_output_option(line, output);
  line.option("--port", port, "Port on 127.0.0.1; 0, the default, takes a free one")
      .value("PORT")
      .between(0, highest_port)
      .not_beside(output_option);
  add_input_limit_option(line, most_input);
  line.footer(
      "Example:\n"
      "  arpent view --output heap.html program.arpent\n"
      "\n"
      "Exit status: 0; 2 for wrong options; 3 when a profile cannot be read, the page not be written, or "
      "the\n"
      "port not be had.");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  const std::optional<std::string> page = page_of(files, most_input);
  if (!page) {
    return status_unreadable;
  }
  if (!output_option.is_given()) {
    return serve_page(*page, port);
  }
  // For the user alone, as the profile is: it holds names, and lines of source.
  return write_output(command, output, *page, Readers::owner_only) ? status_success : status_unreadable;
}

}  // namespace

const Subcommand view_subcommand{
    .name = "view", .summary = "shows a profile as a page in the browser", .main = &view};

}  // namespace ar::command
