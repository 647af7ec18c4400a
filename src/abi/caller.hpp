// The call site that the user knows.
#pragma once

#include <cstdint>

// The return address of the function that it stands in.
#define ARPENT_CALLER \
  reinterpret_cast<std::uintptr_t>(__builtin_extract_return_addr(__builtin_return_address(0)))
