// A profile for tests of the reader.
#pragma once

#include <array>
#include <cstdint>

#include "support/profile_builder.hpp"

namespace ar::testing {

inline constexpr std::array<std::uint8_t, 4> build_id{0xde, 0xad, 0x00, 0x0f};

// Two modules, a hundred sites in two chunks, two threads.
inline ProfileBuilder example() {
  ProfileBuilder builder;
  const std::uint32_t program = builder.add_module("/usr/bin/example", build_id, 0x1000);
  builder.add_module("/usr/lib/libexample.so", {}, 0x7000000);
  const track::NodeIndex outermost = builder.add_stack_node(0x1900, program, 0);
  const track::Offset first = builder.add_thread();
  const track::Offset second = builder.add_thread();
  for (std::uint32_t i = 1; i <= 100; ++i) {
    track::OriginRecord record = plain_origin(0x1000 + i, program);
    record.lost_blocks = 1;
    record.lost_bytes = 10;
    record.stack = builder.add_stack_node(record.address, program, outermost);
    const track::OriginIndex index = builder.add_origin(record);
    builder.count(first, index,
                  {.allocations = 5, .allocated_bytes = 50, .frees = 0, .freed_bytes = 0, .temporary = 2});
    builder.count(second, index,
                  {.allocations = 0, .allocated_bytes = 0, .frees = 4, .freed_bytes = 40, .temporary = 0});
  }
  return builder;
}

}  // namespace ar::testing
