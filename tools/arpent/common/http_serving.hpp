// A server of HTTP that runs in the foreground, within limits that hold before a client has shown a token.
//
// libmicrohttpd reads requests and bounds the memory and the number of connections. Beside it, a connection
// whose request is not complete after five seconds is cut off, however steadily it drips; and if all
// connections are taken, the next client takes the place of the one whose request has been incomplete for
// longest, after 50 ms of grace, so that no number of idle clients keeps out one that sends its request at
// once. docs/decisions/0010 has the reasons.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "arpent/common/http_message.hpp"

namespace ar::command {

struct HttpService {
  std::string address = "127.0.0.1";
  int port = 0;  // 0 takes any that is free

  std::function<void(int port)> listening;  // called before the first client is accepted

  // Called for each complete request before anything is done for it; a response refuses it.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> refuse;

  // Called by several threads at once, for GET and HEAD.
  std::function<HttpResponse(const HttpRequest&)> answer;

  // Whether this response takes much memory to make. One such response is made at a time and a few requests
  // wait for it; more get status 503 with Retry-After.
  std::function<bool(const HttpRequest&)> takes_much_memory = [](const HttpRequest&) { return false; };
};

// Listens and answers until SIGINT or SIGTERM. Returns false without calling anything if it cannot listen
// there. Call it before there are threads.
[[nodiscard]] bool serve_until_stopped(const HttpService& service);

}  // namespace ar::command
