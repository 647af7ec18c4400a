#include "arpent/common/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ar::command {

bool is_same_header(std::string_view one, std::string_view other) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& each) { return is_same_header(each.first, name); });
  return found != headers.end() ? std::string_view{found->second} : std::string_view{};
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  const auto found = std::ranges::find_if(parameters, [&](const auto& each) { return each.first == name; });
  return found != parameters.end() ? std::optional<std::string_view>{found->second} : std::nullopt;
}

HttpResponse text_response(int status, std::string_view text) {
  HttpResponse response = content_response(fmt::format("{}\n", text), "text/plain; charset=utf-8");
  response.status = status;
  return response;
}

HttpResponse content_response(std::string content, std::string content_type) {
  return {.content_type = std::move(content_type),
          .body = std::make_shared<const std::string>(std::move(content))};
}

}  // namespace ar::command
