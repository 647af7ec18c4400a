#!/usr/bin/env bash
# Tests include/arpent/general_purpose_allocator.hpp
# The stacks of a general purpose allocator are the user's also where nothing is optimised: of the allocator's own
# functions only the table's, which cannot be inlined behind a pointer, takes a frame.
set -euo pipefail

cat >frames.cpp <<'CPP'
#include <arpent/general_purpose_allocator.hpp>
[[gnu::noinline]] static void releases_twice(ar::Allocator allocator) {
  auto block = allocator.alloc<int>(10, "twice").value();
  allocator.free(block);
  allocator.free(block);
  asm volatile("");  // or the last release would be a jump, which leaves no frame of this function
}
int main() {
  ar::GeneralPurposeAllocator<> general;
  releases_twice(general.allocator());
}
CPP

. "$SOURCE_DIR/tests/harness/checks.sh"
for compiler in g++ clang++-19; do
  for level in -O0 -O2; do
    "$compiler" -std=c++23 $level -g -Wall -Wextra -Werror -I"$SOURCE_DIR/include" frames.cpp -o frames \
      "$ARPENT_LIB/libarpent-allocators.a"
    ARPENT_SYMBOLIZER=$ARPENT_BIN ./frames >out 2>&1
    # Allocated, first released, released again.
    stacks=$(grep -cE '^ +#[01] releases_twice at ' out || true)
    if [ "$stacks" != 3 ] || grep -q 'GeneralPurposeAllocator' out; then
      fail "$compiler $level: $stacks of 3 stacks begin with the user's function: $(cat out)"
    fi
  done
done

finish "the stacks are the user's"
