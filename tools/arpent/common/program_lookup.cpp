#include "arpent/common/program_lookup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "arpent/common/exit_status.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

// What execvp uses when there is no PATH.
constexpr std::string_view default_path = "/bin:/usr/bin";

// 0 when the file can be executed, else errno. EISDIR for folders, where exec says EACCES.
int why_not_executable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return errno;
  }
  if (S_ISDIR(status.st_mode)) {
    return EISDIR;
  }
  if (!S_ISREG(status.st_mode)) {
    return EACCES;
  }
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

bool means_not_there(int error) { return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG; }

}  // namespace

std::expected<std::string, Failure> find_program(const std::string& name, const Environment& environment) {
  const std::string shown = profile::printable(name);
  if (name.empty()) {
    return std::unexpected(Failure{status_not_found, "the name of the program is empty"});
  }
  if (name.contains('/')) {
    const int error = why_not_executable(name);
    if (error == 0) {
      return name;
    }
    if (means_not_there(error)) {
      return std::unexpected(Failure{status_not_found, fmt::format("there is no program '{}'", shown)});
    }
    return std::unexpected(Failure{
        status_not_executable, fmt::format("'{}' cannot be executed: {}", shown, profile::reason(error))});
  }
  const std::string path = environment.get("PATH").value_or(std::string{default_path});
  int refusal = 0;
  std::string refused;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    at = end + 1;
    // An empty entry is the working directory.
    std::string candidate = folder.empty() ? "." : folder;
    candidate.append("/").append(name);
    const int error = why_not_executable(candidate);
    if (error == 0) {
      return candidate;
    }
    if (refusal == 0 && !means_not_there(error)) {
      refusal = error;
      refused = std::move(candidate);
    }
  }
  if (refusal != 0) {
    return std::unexpected(Failure{
        status_not_executable,
        fmt::format("'{}' cannot be executed: {}", profile::printable(refused), profile::reason(refusal))});
  }
  return std::unexpected(
      Failure{status_not_found, fmt::format("there is no program '{}' in the folders of PATH", shown)});
}

}  // namespace ar::command
