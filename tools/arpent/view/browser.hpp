// Opens an address in the user's browser. Every user can read the arguments of processes, so the browser gets
// the path of a file that only this user can read, and the file leads it to the address.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ar::command {

class BrowserRedirect {
 public:
  // Starts xdg-open. The error is a sentence without a full stop.
  [[nodiscard]] static std::expected<BrowserRedirect, std::string> open(const std::string& address);

  ~BrowserRedirect();  // removes the file
  BrowserRedirect(BrowserRedirect&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  BrowserRedirect& operator=(BrowserRedirect&&) = delete;
  BrowserRedirect(const BrowserRedirect&) = delete;
  BrowserRedirect& operator=(const BrowserRedirect&) = delete;

 private:
  explicit BrowserRedirect(std::string path) : path_(std::move(path)) {}
  std::string path_;  // empty if moved from
};

}  // namespace ar::command
