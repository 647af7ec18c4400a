// Who gets an answer from a server on this machine: loopback is no boundary between the machine's users, so a
// request must show a token that only this user knows.
//
// The token stands in the header `Authorization: Bearer TOKEN` or in the parameter `token` of the address. It
// is not kept in a cookie: browsers send the cookies of 127.0.0.1 to every port there, other users' included.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "arpent/common/command_line.hpp"
#include "arpent/common/http_message.hpp"

namespace ar::command {

class AccessToken {
 public:
  AccessToken() = default;  // of a server that answers all requests

  // 128 random bits in hexadecimal. The error is a sentence without a full stop.
  [[nodiscard]] static std::expected<AccessToken, std::string> random();

  // The first line of the file, of at least 16 characters. A file that does not exist is created with a
  // random token, readable by this user alone. A file that other users can read or write is refused; its
  // group may read it, so that a scraper of another name can. The error is a sentence without a full stop.
  [[nodiscard]] static std::expected<AccessToken, std::string> of_file(const std::string& file);

  [[nodiscard]] bool is_needed() const { return !text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

  // The response that refuses a request without the token.
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request) const;

 private:
  std::string text_;
};

// Whether the request names this machine. A web page whose name was pointed at this machine (DNS rebinding)
// does not.
[[nodiscard]] bool names_this_machine(const HttpRequest& request);

// Declares --no-token.
CommandLine::Option add_no_token_option(CommandLine& line, bool& no_token);

// Whether other users may read what is written to the descriptor: a file that they can read, or the system's
// journal. A token must not go there.
[[nodiscard]] bool is_log(int descriptor);

}  // namespace ar::command
