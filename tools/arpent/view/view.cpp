// arpent view PROFILE [AFTER]: the profile as a page, served on loopback or written to a file.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/http_access.hpp"
#include "arpent/common/http_serving.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/subcommands.hpp"
#include "arpent/view/browser.hpp"
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

struct Options {
  std::vector<std::string> files;
  std::string output;
  int port = 0;
  std::size_t most_input = profile::default_most_input;
  bool opens_browser = false;
  bool no_token = false;
  bool no_command_line = false;
};

std::optional<std::string> page_of(const Options& options) {
  profile::Symbolizer symbolizer;
  std::vector<std::string> data;
  for (const std::string& file : options.files) {
    auto profile = open_profile(file, options.most_input);
    if (!profile) {
      complain(command, profile.error());
      return std::nullopt;
    }
    if (options.no_command_line) {
      profile->command_line.clear();
    }
    data.push_back(profile::page_data(*profile, std::filesystem::path{file}.filename().string(), symbolizer));
  }
  return profile::html_page(data);
}

std::optional<HttpResponse> refusal(const HttpRequest& request, const AccessToken& token) {
  if (!names_this_machine(request)) {
    return text_response(403, "ask for 127.0.0.1");
  }
  return token.refuse(request);
}

int serve_page(std::string content, const Options& options) {
  std::expected<AccessToken, std::string> token;
  if (!options.no_token) {
    if (is_log(STDOUT_FILENO)) {
      complain(command,
               "standard output goes to a file or log that other users can read, so the address with its "
               "token cannot be printed there; give --no-token to do without");
      return status_unreadable;
    }
    token = AccessToken::random();
    if (!token) {
      complain(command, token.error());
      return status_unreadable;
    }
  }
  HttpResponse page = content_response(std::move(content), "text/html; charset=utf-8");
  page.headers.emplace_back("Content-Security-Policy", content_policy);
  std::optional<BrowserRedirect> browser;
  const bool served =
      serve_until_stopped({.port = options.port,
                           .listening =
                               [&](int port) {
                                 const std::string address =
                                     fmt::format("http://127.0.0.1:{}/{}{}", port,
                                                 token->is_needed() ? "?token=" : "", token->text());
                                 fmt::print("{}  (Ctrl-C ends it)\n", address);
                                 std::fflush(stdout);
                                 if (options.opens_browser) {
                                   auto redirect = BrowserRedirect::open(address);
                                   if (redirect) {
                                     browser.emplace(std::move(*redirect));
                                   } else {
                                     complain(command, redirect.error());
                                   }
                                 }
                               },
                           .refuse = [&](const HttpRequest& request) { return refusal(request, *token); },
                           .answer =
                               [&](const HttpRequest& request) {
                                 return request.path == "/" ? page : text_response(404, "the page is at /");
                               }});
  if (!served) {
    complain(command, fmt::format("cannot listen on port {} of 127.0.0.1: is it in use? Try another --port",
                                  options.port));
  }
  return served ? status_success : status_unreadable;
}

int view(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Shows a profile as a page for the browser: flame graph, timeline, leaks, all sites. With two\n"
      "profiles it shows what grew from the first to the second. The page is served to this computer\n"
      "alone until Ctrl-C, at an address with a token that other users of this computer do not know, or\n"
      "written as one file that works offline. It holds the lines of source around the places that\n"
      "allocate, where they can be read.",
      command};
  line.usage("arpent view [options] PROFILE [AFTER]");
  Options options;
  line.option("PROFILE", options.files, "The profile; a second one is compared with it")
      .value("FILE")
      .required()
      .times(1, 2);
  const auto output_option = add_output_option(line, options.output);
  line.option("--port", options.port, "Port on 127.0.0.1; 0, the default, takes a free one")
      .value("PORT")
      .between(0, highest_port)
      .not_beside(output_option);
  line.flag("--open", options.opens_browser, "Open the page in the browser, through xdg-open")
      .not_beside(output_option);
  add_no_token_option(line, options.no_token).not_beside(output_option);
  add_no_command_line_option(line, options.no_command_line);
  add_input_limit_option(line, options.most_input);
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
  std::optional<std::string> page = page_of(options);
  if (!page) {
    return status_unreadable;
  }
  if (!output_option.is_given()) {
    return serve_page(*std::move(page), options);
  }
  return write_output(command, options.output, *page) ? status_success : status_unreadable;
}

}  // namespace

const Subcommand view_subcommand{
    .name = "view", .summary = "shows a profile as a page in the browser", .main = &view};

}  // namespace ar::command
