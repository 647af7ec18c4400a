// Lets signals end `arpent run` while it works on the report, even if it waits for a pipe that no process
// reads, for a server of debug information or for a file system that hangs.
#pragma once

#include <memory>

#include "arpent/common/child_process.hpp"
#include "arpent/run/private_directory.hpp"

namespace ar::command {

// Call it once, after run_child. From then on each of end_signals removes `folder`, which is kept until this
// process ends, and ends this process at once. If one was passed on to the program already, this process also
// ends when it has made no progress for a second: the sender of the signal waits for the end, and not for the
// report.
void watch_for_end(std::shared_ptr<const PrivateDirectory> folder, const ChildEnding& child);

}  // namespace ar::command
