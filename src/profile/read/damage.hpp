// What is wrong with a profile: thrown from the many nested places that read one, and caught where this room
// is entered (read_profile, unpacked).
#pragma once

#include <string>

namespace ar::profile {

struct Damage {
  std::string what;  // a sentence without a full stop, to be put after the name of what is read
};

}  // namespace ar::profile
