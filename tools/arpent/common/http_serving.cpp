#include "arpent/common/http_serving.hpp"

#include <signal.h>

#include <thread>

namespace ar::command {

bool serve_until_stopped(httplib::Server& server, const std::string& address, int port,
                         const std::function<void(int)>& listening) {
  // Before the server's threads start, so that they all leave the signals to sigwait.
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGINT);
  ::sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  // The library's default would let two servers share a port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  const int bound = port == 0                            ? server.bind_to_any_port(address)
                    : server.bind_to_port(address, port) ? port
                                                         : -1;
  if (bound < 0) {
    return false;
  }
  listening(bound);
  std::thread listener{[&] { server.listen_after_bind(); }};
  int signal = 0;
  ::sigwait(&ends, &signal);
  while (!server.is_running()) {
    std::this_thread::yield();  // stop() before the server runs would be forgotten
  }
  server.stop();
  listener.join();
  return true;
}

}  // namespace ar::command
