// Where a module, or its debug information, is to be had when it is not at its path: a profile may be read on
// another machine, or after an upgrade.
#pragma once

#include <string>
#include <vector>

namespace ar::profile {

// Files that hold what a build id (hexadecimal) stands for, best first: those below /usr/lib/debug/.build-id,
// else what the servers of DEBUGINFOD_URLS have, downloaded into libdebuginfod's cache. The network is not
// used without that variable. Whoever opens one must compare its build id.
[[nodiscard]] std::vector<std::string> files_by_build_id(const std::string& build_id);

}  // namespace ar::profile
