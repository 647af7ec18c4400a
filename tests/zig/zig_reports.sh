#!/usr/bin/env bash
# Tests zig/ar_allocator.zig
# The report of ar_heap on blocks from Zig, through the module's functions, its std.mem.Allocators and the C macros of
# @cImport: each with the user's file and line, never "zig:0"; without debug information with module and offset.
set -euo pipefail

zig=$("$SOURCE_DIR/scripts/install-zig")
export ZIG_GLOBAL_CACHE_DIR=$BUILD_DIR/zig-cache
source=$SOURCE_DIR/tests/zig/heap_blocks.zig
. "$SOURCE_DIR/tests/harness/checks.sh"

# A file and line as a pattern: that of the description's mark in the source.
place_of() { echo "$source:$(grep -n "site: $1\$" "$source" | cut -d: -f1)"; }

build() { # WHAT NAME TRACKED FLAGS… -- LIBRARY…
  local what=$1 name=$2 flags=(-D__ZIG__ "-I$SOURCE_DIR/include")
  if [ "$3" = tracked ]; then flags+=(-DDEBUG); fi
  shift 3
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  "$zig" "$what" -femit-bin="$name" "${flags[@]}" --dep ar_allocator "-Mroot=$source" "${flags[@]}" \
    "-Mar_allocator=$SOURCE_DIR/zig/ar_allocator.zig" -lc "$@"
}

# check NAME LABEL: the report lists each of the source's marks with its description, at the place that label says.
check() {
  local name=$1 label=$2 mark size place count=0
  rm -f heap_memory_report.log
  "./$name" 2>"$name.err" || fail "$name does not run: $(cat "$name.err")"
  if grep -n 'zig:0' heap_memory_report.log; then fail "$name: places that say nothing"; fi
  while read -r size mark; do
    count=$((count + 1))
    if [ "$label" = place ]; then place=$(place_of "$mark"); else place="$name+0x"'[0-9a-f]\+'; fi
    tr '\n' '~' <heap_memory_report.log |
      grep -q "  Size: $size bytes~  Allocated at: $place~  Description: $mark~" ||
      fail "$name: '$mark' is not at $place: $(grep -B 1 "Description: $mark\$" heap_memory_report.log)"
  done <<'MARKS'
11 created
12 allocated
9 copied
14 resized
64 over-aligned
15 inlined
21 imported malloc
22 imported calloc
23 imported realloc
7 imported strdup
31 named
64 listed
MARKS
  grep -q "^Actual memory leaks: $count (" heap_memory_report.log || fail "$name: $(grep Actual heap_memory_report.log)"
  if [ "$label" = offset ] && [ "$(grep '  Allocated at:' heap_memory_report.log | sort -u | wc -l)" != $count ]; then
    fail "$name: different calls have one offset"
  fi
}

export ARPENT_SYMBOLIZER=$ARPENT_BIN
archive=$ARPENT_LIB/libarpent.a
for optimised in Debug ReleaseSafe ReleaseFast; do
  build build-exe "linked-$optimised" tracked "-O$optimised" -- "$archive"
  check "linked-$optimised" place
done
build build-exe shared tracked -- "$ARPENT_LIB/libarpent.so" -rpath "$ARPENT_LIB"
check shared place

# Zig's code in a program that GCC links.
echo 'void zig_main(void); int main(void) { zig_main(); return 0; }' >main.c
echo 'int after(void) { return 0; }' >after.c
sed 's/^pub fn main() !void {/pub export fn zig_main() void {/; s/try standard();/standard() catch unreachable;/
  /std.os.argv/d' "$source" >in_c.zig
real_source=$source source=$PWD/in_c.zig
build build-obj in_c.o tracked -fPIC -fcompiler-rt --
"$CC" -g main.c in_c.o after.c "$archive" -o in_c
check in_c place
source=$real_source

# Without debug information, and without the command that reads it.
build build-exe stripped tracked -fstrip -- "$archive"
check stripped offset
build build-exe small tracked -OReleaseSmall -- "$archive"
check small offset
ARPENT_SYMBOLIZER='' check linked-Debug offset

# Under arpent run, too.
"$ARPENT_BIN" run --report run.txt -- ./linked-Debug 2>/dev/null || fail "arpent run"
for mark in created 'imported malloc' named; do
  grep -q " $(place_of "$mark")  \"$mark\"\$" run.txt || fail "arpent run does not name '$mark': $(cat run.txt)"
done

# Untracked, the same blocks are other memory, by function and place; what libc's strdup makes is libc's.
build build-exe untracked untracked -- "$archive"
rm -f heap_memory_report.log
./untracked report
grep -q '^No memory leaks detected\.$' heap_memory_report.log || fail "untracked blocks are counted as described ones"
grep -q '^  In use:    12 blocks, 293 bytes$' heap_memory_report.log ||
  fail "untracked: $(grep 'In use' heap_memory_report.log)"
for mark in created allocated copied resized inlined over-aligned 'imported malloc' \
  'imported calloc' 'imported realloc' named listed; do
  place=$(place_of "$mark")
  sed -n '/^Memory of other origin/,$p' heap_memory_report.log | has "$place\$" ||
    fail "untracked: nothing at $place ($mark)"
done

# A wrong release names Zig's side by function and line, too.
cat >wrong.zig <<'ZIG'
const ar = @import("ar_allocator");
export fn zig_new() ?*u64 {
    return ar.create(u64, "of Zig"); // line 3
}
export fn zig_end(block: *u64) void {
    ar.free(block); // line 6
}
ZIG
cat >wrong.cpp <<'CPP'
extern "C" unsigned long* zig_new();
extern "C" void zig_end(unsigned long*);
int main() {
  delete zig_new();            // line 4
  zig_end(new unsigned long);  // line 5
}
CPP
real_source=$source source=$PWD/wrong.zig
build build-obj wrong_zig.o tracked -fPIC -fcompiler-rt --
source=$real_source
"$CXX" -g -fno-builtin wrong.cpp wrong_zig.o "$archive" -o wrong
./wrong 2>wrong.err || fail "wrong releases: $(cat wrong.err)"
for expression in 'from ar_heap, allocated in wrong\.zig_new at .*/wrong\.zig:3 \("of Zig"\), was released by operator delete in main at .*/wrong\.cpp:4$' \
  'from operator new, allocated in main at .*/wrong\.cpp:5, was released by free in wrong\.zig_end at .*/wrong\.zig:6$'; do
  grep -qE "^arpent: mismatch: block 0x[0-9a-f]+ $expression" wrong.err || fail "no '$expression' in: $(cat wrong.err)"
done

finish "blocks from Zig have their places"
