// What ends `arpent run` while it works on the report, whatever that waits for: a pipe that is not read, a
// server of debug information, a file system that hangs.
#pragma once

#include <filesystem>

#include "arpent/common/child_process.hpp"

namespace ar::command {

// To be called once, after run_child. From now on each of end_signals ends this process at once, and removes
// `folder` before. If one was passed on to the program already, this process also ends when it has made no
// progress for a second: whoever sent the signal waits for the end, and not for the report.
void watch_for_end(const std::filesystem::path& folder, const ChildEnding& child);

}  // namespace ar::command
