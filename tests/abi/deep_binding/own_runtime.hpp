#pragma once

#include <string>

struct Named {
  virtual ~Named() = default;
  virtual std::string name() = 0;
};
