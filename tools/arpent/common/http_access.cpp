#include "arpent/common/http_access.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/common/trusted_path.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

constexpr std::size_t shortest_token = 16;
constexpr std::size_t longest_token = 4096;

// Takes the same time for any token of the right length, however much of it is right.
bool is_same(std::string_view given, std::string_view token) {
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(other) ^ static_cast<unsigned char>(token[i]));
  }
  return difference == 0;
}

std::unexpected<std::string> failure(const std::string& file, std::string_view what) {
  return std::unexpected(fmt::format("{} {}", profile::in_quotes(file), what));
}

std::expected<std::string, std::string> read_first_line(const std::string& file, int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return failure(file, "is not a regular file");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return failure(file, "belongs to another user");
  }
  if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return failure(file, "can be read or changed by other users: chmod 600 it");
  }
  std::array<char, longest_token> block{};
  const ssize_t size = ::read(descriptor, block.data(), block.size());
  if (size < 0) {
    return failure(file, fmt::format("cannot be read: {}", profile::reason(errno)));
  }
  const std::string_view text{block.data(), static_cast<std::size_t>(size)};
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.size() < shortest_token) {
    return failure(file,
                   fmt::format("does not begin with a token of at least {} characters", shortest_token));
  }
  return std::string{line};
}

}  // namespace

std::expected<AccessToken, std::string> AccessToken::random() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return std::unexpected(fmt::format("no random token can be made: {}", profile::reason(errno)));
  }
  AccessToken token;
  for (const unsigned char byte : bytes) {
    token.text_ += fmt::format("{:02x}", byte);
  }
  return token;
}

std::expected<AccessToken, std::string> AccessToken::of_file(const std::string& file) {
  // A link of another user would make the first line of any file of ours the token.
  const auto place = find_place(file);
  if (!place) {
    const PathFailure& why = place.error();
    return failure(
        file, why.link.empty() ? fmt::format("cannot be created: {}", profile::reason(why.error)) : why.link);
  }
  const int folder = place->folder.descriptor.number();
  const char* const name = place->name.c_str();
  if (const Descriptor created{::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
      created) {
    auto token = random();
    if (token && !write_all(created.number(), token->text() + "\n")) {
      ::unlinkat(folder, name, 0);
      return failure(file, fmt::format("cannot be written: {}", profile::reason(errno)));
    }
    return token;
  }
  if (errno != EEXIST) {
    return failure(file, fmt::format("cannot be created: {}", profile::reason(errno)));
  }
  const int links = place->is_open_file ? 0 : O_NOFOLLOW;
  const Descriptor descriptor{::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | links)};
  if (!descriptor) {
    return failure(file, fmt::format("cannot be read: {}", profile::reason(errno)));
  }
  auto line = read_first_line(file, descriptor.number());
  if (!line) {
    return std::unexpected(std::move(line.error()));
  }
  AccessToken token;
  token.text_ = std::move(*line);
  return token;
}

std::optional<HttpResponse> AccessToken::refuse(const HttpRequest& request) const {
  if (!is_needed()) {
    return std::nullopt;
  }
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view header = request.header("authorization");
  const auto parameter = request.parameter("token");
  if ((header.starts_with(scheme) && is_same(header.substr(scheme.size()), text_)) ||
      (parameter && is_same(*parameter, text_))) {
    return std::nullopt;
  }
  HttpResponse response = text_response(401,
                                        "a token is needed: open the address that the server printed, "
                                        "or send Authorization: Bearer TOKEN");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

bool names_this_machine(const HttpRequest& request) {
  const std::string_view host = request.header("host");
  for (const std::string_view own : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host == own || (host.starts_with(own) && host.substr(own.size()).starts_with(':'))) {
      return true;
    }
  }
  return false;
}

CommandLine::Option add_no_token_option(CommandLine& line, bool& no_token) {
  return line.flag("--no-token", no_token, "Answer every user of this machine, without a token");
}

bool is_log(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    return false;
  }
  if (S_ISREG(status.st_mode)) {
    return (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  }
  const char* const journal = std::getenv("JOURNAL_STREAM");  // see systemd.exec(5)
  return journal != nullptr && journal == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

}  // namespace ar::command
