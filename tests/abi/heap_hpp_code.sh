#!/usr/bin/env bash
# Tests include/arpent/heap.hpp
# Without tracking, ar::create of a trivial type is one call of malloc and the initialisation: read from the machine
# code that both compilers make of it; the others call what they stand for, and add a check that sets errno.
set -euo pipefail

cat >code.cpp <<'CPP'
#include <arpent/heap.hpp>
#include <string_view>
struct Point {
  int x, y;
};
struct alignas(64) Line {
  float values[16];
};
extern "C" {
Point* create_point() { return ar::create<Point>("point", 1, 2); }
Point* create_zero_point() { return ar::create<Point>("point"); }
double* create_double(double value) { return ar::create<double>("double", value); }
void destroy_point(Point* point) { ar::destroy(point); }
int* alloc_ints(std::size_t count) { return ar::alloc<int>(count, "ints"); }
int* realloc_ints(int* ints, std::size_t count) { return ar::realloc(ints, count, "ints"); }
void free_ints(int* ints) { ar::free(ints); }
char* dupe_view(std::string_view view) { return ar::dupe(view, "view"); }
Line* create_line() { return ar::create<Line>("line"); }
}
// The same, written by hand.
extern "C" Point* by_hand() {
  auto* point = static_cast<Point*>(std::malloc(sizeof(Point)));
  if (point != nullptr) {
    *point = Point{1, 2};
  }
  return point;
}
CPP

. "$SOURCE_DIR/tests/harness/checks.sh"
body() { # FUNCTION: its instructions with relocations
  objdump -dr --no-addresses --no-show-raw-insn code.o |
    awk -v name="<$1>:" '$1 == name { p = 1; next } /^$/ { p = 0 } p'
}
calls() { # FUNCTION: what it calls or ends in a jump to, in order; less what sets errno
  body "$1" | sed -n 's/.*R_[A-Z0-9_]*\(PLT32\|CALL26\|JUMP26\|PC32\)[ \t]*\([A-Za-z_][A-Za-z0-9_]*\).*/\2/p' | grep -vx __errno_location | tr '\n' ' '
}
instructions() { # FUNCTION
  body "$1" | grep -vcE 'R_[A-Z0-9_]+[ \t]|nop|xchg +%ax,%ax'
}

expect() { # FUNCTION CALLS
  local found
  found=$(calls "$1")
  [ "$found" = "$2 " ] || fail "$compiler $level: $1 calls '$found', not '$2'"
}

for compiler in g++ clang++-19; do
  for level in -O1 -O2 -Os; do
    "$compiler" -std=c++20 $level -fcf-protection=none -fno-asynchronous-unwind-tables -I"$SOURCE_DIR/include" -c code.cpp -o code.o
    # No text of the descriptions is left over.
    if strings -a code.o | has -E '^(point|ints|double)$'; then fail "$compiler $level: descriptions are in the object"; fi
    expect create_point malloc
    expect create_zero_point malloc
    expect create_double malloc
    expect create_line aligned_alloc
    expect alloc_ints calloc
    expect free_ints free
    expect destroy_point free
    [ $level != -Os ] || continue # where calls are cheaper than what they stand for
    expect realloc_ints realloc
    expect dupe_view 'malloc memcpy'
    [ $level = -O2 ] || continue
    difference=$(($(instructions create_point) - $(instructions by_hand)))
    [ $difference -le 0 ] || fail "$compiler $level: create_point has $difference instructions more than what is written by hand"
  done
  # Tracked, the same test fails: it can.
  "$compiler" -std=c++20 -O2 -DDEBUG -I"$SOURCE_DIR/include" -c code.cpp -o code.o
  [ "$(calls create_point)" != 'malloc ' ] || fail "$compiler: the tracked create is taken for malloc"
  strings -a code.o | has '^point$' || fail "$compiler: a description in the object is not seen"
done

finish "untracked, ar::create of a trivial type is malloc and the initialisation"
