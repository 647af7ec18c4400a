#!/usr/bin/env bash
# Tests include/ar_heap.h
# ar_heap.h compiles in every language and mode it is meant for, without a warning, and does the same in each.
set -eu

sources=$SOURCE_DIR/tests/abi/ar_heap_header
include="-I$SOURCE_DIR/include"
strict="-pedantic -Wall -Wextra -Werror -Wshadow -Wconversion -Wundef -Wcast-qual -Wwrite-strings -Wredundant-decls"
link="-L$ARPENT_LIB -larpent -Wl,-rpath,$ARPENT_LIB"
cp "$sources/every_macro.c" every_macro.cpp
tried=0

. "$SOURCE_DIR/tests/harness/checks.sh"

compile() {
  # shellcheck disable=SC2086 # lists of options
  "$@" $strict $include -c -o unit.o || fail "does not compile: $*"
  tried=$((tried + 1))
}

# The same, and runs what comes out.
try() {
  # shellcheck disable=SC2086 # lists of options
  "$@" $strict $include $link -o program || fail "does not compile: $*"
  rm -f heap_memory_report.log
  ./program >output 2>&1 || fail "status $? from what was compiled by: $* $(cat output)"
  [ ! -s output ] || fail "printed by what was compiled by: $*: $(cat output)"
  tried=$((tried + 1))
}

for debug in '' -DDEBUG -D__ZIG__ '-DDEBUG -D__ZIG__'; do
  for standard in c89 c99 c11 c17 c2x; do
    for compiler in gcc clang-19; do
      # shellcheck disable=SC2086
      compile $compiler -O2 -std=$standard $debug "$sources/every_macro.c"
    done
  done
  for standard in c++98 c++11 c++17 c++20 c++23; do
    for compiler in g++ clang++-19; do
      # shellcheck disable=SC2086
      compile $compiler -O2 -std=$standard $debug every_macro.cpp
    done
  done
  # shellcheck disable=SC2086
  try gcc -O0 -std=c99 $debug "$sources/every_macro.c"
  # shellcheck disable=SC2086
  try clang++-19 -O0 -std=c++17 $debug every_macro.cpp
done

for debug in '' -DDEBUG; do
  for compiler in g++ clang++-19; do
    for standard in c++11 c++23; do
      # shellcheck disable=SC2086
      try $compiler -std=$standard $debug "$sources/member_named_malloc.cpp"
    done
  done
  # shellcheck disable=SC2086
  try gcc -std=c99 $debug "$sources/every_function.c"
done

# Strict C99 has no strdup: the header must have declared it, and may not disturb who declares it too.
printf '#include <ar_heap.h>\n#include <string.h>\nchar *strdup(const char *);\nint main(void) { return 0; }\n' >again.c
for compiler in gcc clang-19; do
  # shellcheck disable=SC2086
  $compiler -std=c99 -pedantic -Wall -Wextra -Werror $include -c again.c -o again.o || fail "strdup declared twice: $compiler"
done

# Without DEBUG the macros are the C library's functions, and nothing else is called.
gcc -O2 "$include" -c "$sources/every_macro.c" -o plain.o
called=$(nm -u plain.o | sed 's/.* U //' | grep -vE '^(printf|__printf_chk|puts|_GLOBAL_OFFSET_TABLE_)$' | sort | tr '\n' ' ')
[ "$called" = 'calloc free malloc realloc strdup ' ] || fail "without DEBUG it calls: $called"
gcc -O2 -DDEBUG "$include" -c "$sources/every_macro.c" -o tracked.o
called=$(nm -u tracked.o | sed 's/.* U //' | grep -E 'alloc|free|strdup' | sort | tr '\n' ' ')
[ "$called" = 'ar_heap__calloc ar_heap__free ar_heap__malloc ar_heap__realloc ar_heap__strdup ' ] ||
  fail "with DEBUG it calls: $called"

# Each translation unit says how it was compiled, unless told not to; linking keeps what they say.
notes_of() { readelf -n "$1" | grep -c '^ *Arpent ' || true; }
[ "$(notes_of plain.o)" = 1 ] && [ "$(notes_of tracked.o)" = 1 ] || fail "a unit without its note"
! cmp -s <(readelf -x .note.arpent plain.o) <(readelf -x .note.arpent tracked.o) || fail "DEBUG is not in the note"
gcc -DAR_HEAP_NO_NOTE "$include" -c "$sources/every_macro.c" -o silent.o
[ "$(notes_of silent.o)" = 0 ] || fail "AR_HEAP_NO_NOTE leaves a note"
gcc "$include" -Dmain=other_main -c "$sources/every_macro.c" -o other.o
# shellcheck disable=SC2086
gcc -Wl,--gc-sections $include "$sources/every_function.c" other.o $link -o both
[ "$(notes_of both)" = 2 ] || fail "notes of the program: $(readelf -n both)"

finish "ar_heap.h compiles in $tried ways"
