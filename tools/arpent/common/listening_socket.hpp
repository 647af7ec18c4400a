// A socket that accepts connections at an address of this machine.
#pragma once

#include <string>

#include "arpent/common/descriptor.hpp"

namespace ar::command {

// `address` is a name, or an address of IPv4 or IPv6; port 0 takes any that is free. Returns none if it
// cannot listen there. The socket does not block.
[[nodiscard]] Descriptor listen_at(const std::string& address, int port);

[[nodiscard]] int port_of(const Descriptor& socket);

}  // namespace ar::command
