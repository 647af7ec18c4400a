// Follows links by hand: where other users can write, a link may lead a report or a token to any file of
// ours.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace ar::command {

// The absolute path that the name leads to. If its last part is a link, that is followed if this user or root
// made it. The last part of what is returned was no link a moment ago, unless names_open_file is true of it:
// open it with O_NOFOLLOW. The error is a verb phrase without a full stop ("is another user's link").
[[nodiscard]] std::expected<std::filesystem::path, std::string> follow_trusted_links(
    const std::filesystem::path& name);

// Whether it is one of the system's names of open files, as /dev/stdout: no other user can put a file there.
[[nodiscard]] bool names_open_file(const std::filesystem::path& path);

}  // namespace ar::command
