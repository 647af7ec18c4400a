#!/usr/bin/env bash
# Tests zig/ar_allocator.zig
# What makes no sense in Zig does not compile, with a message that says what is wrong and the line of the user's.
set -euo pipefail

zig=$("$SOURCE_DIR/scripts/install-zig")
export ZIG_GLOBAL_CACHE_DIR=$BUILD_DIR/zig-cache
. "$SOURCE_DIR/tests/harness/checks.sh"

# The statement stands on line 10.
program() { # STATEMENT
  cat <<ZIG
const std = @import("std");
const ar = @import("ar_allocator");

fn failing() anyerror!*u32 {
  return error.Failing;
}
pub fn main() void {
  var number: u32 = 1;
  std.mem.doNotOptimizeAway(&number);
  $1;
  _ = &failing;
}
ZIG
}
compiles() {
  "$zig" build-exe -fno-emit-bin -I"$SOURCE_DIR/include" "$@" --dep ar_allocator -Mroot=case.zig \
    -I"$SOURCE_DIR/include" "$@" -Mar_allocator="$SOURCE_DIR/zig/ar_allocator.zig" -lc >case.log 2>&1
}

# Sound statements compile in the same frame, or the failures below would mean nothing.
program 'ar.free(ar.dupe("text", "x"))' >case.zig
compiles -DDEBUG || fail "the frame does not compile: $(head -n 5 case.log)"

count=0
while IFS= read -r line; do
  case $line in '#'* | '') continue ;; esac
  statement=${line%% | *}
  message=${line##* | }
  program "$statement" >case.zig
  count=$((count + 1))
  # Alternately tracked and not: the checks are the same.
  flags=()
  if [ $((count % 2)) = 0 ]; then flags=(-DDEBUG); fi
  if compiles "${flags[@]}"; then
    fail "compiles: $statement"
  elif ! grep -F 'error: ar_allocator.' case.log | has -F -- "$message"; then
    fail "$statement: the message is not '$message' but: $(head -n 3 case.log)"
  elif ! grep -q '^case\.zig:10:' case.log; then
    fail "$statement: the user's line is not named: $(head -n 6 case.log)"
  fi
done <"$SOURCE_DIR/tests/zig/misuse.txt"
[ $count -ge 30 ] || fail "only $count misuses were tried"

finish "$count misuses do not compile, each with its message"
