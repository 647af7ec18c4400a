// What a client asks of a server, and what it is answered.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ar::command {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string path;       // decoded, without the query
  HttpFields parameters;  // of the query, decoded
  HttpFields headers;     // as sent

  // The value of the first header of this name, whose case does not matter; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  // The value of the first parameter of this name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

// Whether they are the same but for the case of letters of ASCII.
[[nodiscard]] bool is_same_header(std::string_view one, std::string_view other);

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::shared_ptr<const std::string> body;  // shared, so that a page is in memory once for all who read it
  HttpFields headers = {};
};

// A line of plain text.
[[nodiscard]] HttpResponse text_response(int status, std::string_view text);

[[nodiscard]] HttpResponse content_response(std::string content, std::string content_type);

}  // namespace ar::command
