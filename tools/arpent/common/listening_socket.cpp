#include "arpent/common/listening_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

namespace ar::command {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
};

Descriptor listen_at(const addrinfo& at) {
  Descriptor socket{::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol)};
  const int yes = 1;  // else the port stays taken for a minute after the last server
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool listens = socket && ::bind(socket.number(), at.ai_addr, at.ai_addrlen) == 0 &&
                       ::listen(socket.number(), SOMAXCONN) == 0;
  return listens ? std::move(socket) : Descriptor{};
}

}  // namespace

Descriptor listen_at(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, FreeAddresses> owner{found};
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (Descriptor socket = listen_at(*each); socket) {
      return socket;
    }
  }
  return {};
}

int port_of(const Descriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size);
  const in_port_t port = address.ss_family == AF_INET6
                             ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                             : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

}  // namespace ar::command
