// A server of HTTP that runs in the foreground.
#pragma once

#include <httplib.h>

#include <functional>
#include <string>

namespace ar::command {

// Listens at the address and port (0: any that is free), calls `listening` with the port, and answers until
// SIGINT or SIGTERM. False, and nothing was called: the port is not to be had there. Call it before there are
// threads.
[[nodiscard]] bool serve_until_stopped(httplib::Server& server, const std::string& address, int port,
                                       const std::function<void(int)>& listening);

}  // namespace ar::command
