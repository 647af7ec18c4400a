#!/usr/bin/env bash
# Tests zig/
# ctest: TIMEOUT=1200 COST=55
# The Zig module's own tests, with Zig's conformance tests of allocators among them: tracked and untracked, optimised
# and not, linked with the archive and with the shared library. What they leave behind is nothing.
set -euo pipefail

zig=$("$SOURCE_DIR/scripts/install-zig")
export ZIG_GLOBAL_CACHE_DIR=$BUILD_DIR/zig-cache
. "$SOURCE_DIR/tests/harness/checks.sh"

run() { # NAME TRACKED LIBRARY FLAGS…
  local name=$1 tracked=$2 library=$3 tests
  shift 3
  local flags=("$@" "-I$SOURCE_DIR/include")
  if [ "$tracked" = yes ]; then flags+=(-DDEBUG); fi
  "$zig" test --test-no-exec -femit-bin="$name" "${flags[@]}" --dep ar_allocator -Mroot="$SOURCE_DIR/zig/tests/all.zig" \
    "${flags[@]}" -Mar_allocator="$SOURCE_DIR/zig/ar_allocator.zig" -lc "$library" -rpath "$ARPENT_LIB" >"$name.log" 2>&1 || {
    fail "$name: does not compile: $(head -n 5 "$name.log")"
    return
  }
  rm -f heap_memory_report.log
  "./$name" >"$name.out" 2>&1 || fail "$name: $(grep -v OK "$name.out" | head -n 20)"
  grep -qE '^All [1-9][0-9]* tests passed\.$' "$name.out" || fail "$name: ran no tests"
  for tests in functions allocator header; do
    grep -q " $tests\.test\..*OK" "$name.out" || fail "$name: $tests.zig ran no tests"
  done
  if grep -E 'arpent:|Warning' "$name.out"; then fail "$name: is not clean"; fi
  if [ "$tracked" = yes ]; then
    grep -q '^No memory leaks detected\.$' heap_memory_report.log || fail "$name: leaks"
    grep -qE '^Total allocations: [1-9]' heap_memory_report.log || fail "$name: is not tracked"
  fi
}

run debug yes "$ARPENT_LIB/libarpent.a"
run debug-untracked no "$ARPENT_LIB/libarpent.a"
run fast yes "$ARPENT_LIB/libarpent.a" -OReleaseFast
run safe-shared yes "$ARPENT_LIB/libarpent.so" -OReleaseSafe
readelf -dW safe-shared | has 'NEEDED.*libarpent\.so' || fail "the shared library is not linked"
# Without Arpent: the module is complete on any malloc.
run small-alone no -lc -OReleaseSmall

# The names by which the conformance tests go must be among those that ran.
for name in testAllocator testAllocatorAligned testAllocatorLargeAlignment testAllocatorAlignedShrink; do
  grep -q "allocator.test.$name\.\.\.OK" debug.out || fail "Zig's $name did not run"
done

finish "the Zig module keeps its promises"
