#!/usr/bin/env bash
# Tests include/arpent/testing.hpp
# expect_no_allocations of <arpent/testing.hpp>: what it sees and what it lets pass, however Arpent gets into the
# process, tracked or not; and that it says so when it cannot see malloc.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"
program=$SOURCE_DIR/tests/allocators/expect_no_allocations.cpp
build() { # NAME OPTIONS…
  local name=$1
  shift
  "$CXX" -std=c++23 -O2 -g -Wall -Wextra -Werror -I"$SOURCE_DIR/include" "$program" -o "$name" -pthread "$@"
}

used() { printf '%s: the heap is used where it must not be: %s, %s\n' "$@"; }
{
  echo start
  echo 'nothing: nothing'
  used malloc '1 allocation' '0 releases'
  used free '0 allocations' '1 release'
  echo 'free of null: nothing'
  used new '1 allocation' '0 releases'
  used delete '0 allocations' '1 release'
  used calloc '1 allocation' '0 releases'
  used 'realloc in place' '1 allocation' '0 releases'
  used 'realloc that moves' '1 allocation' '1 release'
  used 'realloc of a large block' '1 allocation' '1 release'
  used 'free of a large block' '0 allocations' '1 release'
  used aligned '1 allocation' '1 release'
  used strdup '1 allocation' '1 release'
  used many '11 allocations' '11 releases'
  echo "another thread's: nothing"
  used nested '3 allocations' '2 releases' # those by which it found that it cannot be nested
  echo 'a warm arena: nothing'
  echo 'an arena that grows from the system: nothing'
  echo 'in a thread that has not allocated: nothing'
  used 'in a thread' '1 allocation' '0 releases'
  echo 'fork: nothing'
  echo 'after an exception: nothing'
  echo end
} >expected

build static "$ARPENT_LIB/libarpent.a"
build fully-static -static "$ARPENT_LIB/libarpent.a" 2>link.log || fail "not linked statically: $(cat link.log)"
build shared "$ARPENT_LIB/libarpent.so" -Wl,-rpath,"$ARPENT_LIB"
build pie
build no-pie -no-pie
run() { # NAME PROGRAM MODE [VARIABLE=VALUE…]
  local name=$1 ran=$2 mode=$3
  shift 3
  env ARPENT_MODE="$mode" "$@" "./$ran" >"$name.out" 2>"$name.err" || fail "$name: status $?"
  diff expected "$name.out" >"$name.diff" || fail "$name says otherwise: $(cat "$name.diff")"
}
line=$(grep -n '// the first' "$program" | cut -d: -f1)
for mode in off sites; do
  for ran in static fully-static shared; do
    run "$ran-$mode" "$ran" "$mode" ARPENT_SYMBOLIZER="$ARPENT_BIN"
    grep -q "expected is in .*allocates_once.*expect_no_allocations.cpp:$line" "$ran-$mode.err" ||
      fail "$ran, $mode: the place is not told: $(head -n 3 "$ran-$mode.err")"
  done
  for ran in pie no-pie; do
    run "$ran-$mode" "$ran" "$mode" LD_PRELOAD="$ARPENT_LIB/libarpent-preload.so"
  done
done

./pie >without.out
grep -q '^nothing: expect_no_allocations cannot see malloc: link arpent::heap' without.out || fail "without Arpent: $(head -n 2 without.out)"

# A program whose malloc is its own: ours is there and does not serve.
{ "$CC" -O2 -c "$SOURCE_DIR/tests/support/own_malloc/own_malloc.c" -o own_malloc.o &&
  "$CXX" -std=c++23 -O2 -I"$SOURCE_DIR/include" "$program" own_malloc.o -o own -pthread; } 2>own.log ||
  fail "own malloc: $(head -n 3 own.log)"
LD_PRELOAD="$ARPENT_LIB/libarpent-preload.so" ./own >own.out || fail "own malloc: status $?"
grep -q "^nothing: expect_no_allocations cannot see malloc: another one than Arpent's serves it" own.out ||
  fail "own malloc: $(head -n 2 own.out)"

finish "what touches the heap is seen, and what does not is let pass"
