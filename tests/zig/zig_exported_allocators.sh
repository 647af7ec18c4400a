#!/usr/bin/env bash
# Tests zig/
# Every C++ allocator, handed to Zig as a std.mem.Allocator, passes the four conformance tests of Zig's standard library.
set -euo pipefail

zig=$("$SOURCE_DIR/scripts/install-zig")
export ZIG_GLOBAL_CACHE_DIR=$BUILD_DIR/zig-cache
source=$SOURCE_DIR/tests/zig/exported_allocators

"$CXX" -std=c++23 -O2 -g -Wall -Wextra -Werror -I"$SOURCE_DIR/include" -c "$source/exported.cpp" -o exported.o
for optimised in Debug ReleaseFast; do
  "$zig" test --test-no-exec "-femit-bin=conformance-$optimised" "-O$optimised" "$source/conformance.zig" exported.o \
    "$ARPENT_LIB/libarpent-allocators.a" "$ARPENT_LIB/libarpent.a" "$("$CXX" -print-file-name=libstdc++.so)" \
    "$("$CXX" -print-file-name=libgcc_s.so.1)" -lc
  "./conformance-$optimised" >"$optimised.out" 2>&1 || {
    cat "$optimised.out"
    exit 1
  }
  for name in testAllocator testAllocatorAligned testAllocatorLargeAlignment testAllocatorAlignedShrink; do
    grep -q "test\.$name\.\.\.OK" "$optimised.out" || {
      echo "FAILED: Zig's $name did not run ($optimised)"
      exit 1
    }
  done
done
echo "Zig finds the C++ allocators in order"
