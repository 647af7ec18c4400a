#!/usr/bin/env bash
# Tests cmake/arpent-track.cmake
# Projects of users that keep their modules alike: arpent_track, arpent_zig_object and arpent_check of an installed
# package, and the make rules of docs/mixed-languages.md as they stand there. A build that mixes configurations fails.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"

cmake --install "$BUILD_DIR" --prefix "$PWD/installed" >install.log
prefix=$PWD/installed
zig=$(sh "$SOURCE_DIR/scripts/install-zig")

mkdir project
cat >project/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(mixed LANGUAGES C CXX)
find_package(arpent REQUIRED)
add_library(parts STATIC parts.c)
target_link_libraries(parts PRIVATE arpent::heap)
add_executable(app main.c text.cpp)
target_compile_features(app PRIVATE cxx_std_20)
arpent_zig_object(app store.zig)
target_link_libraries(app PRIVATE parts arpent::heap)
arpent_check(app)
if(TRACK STREQUAL "all")
  arpent_track(app parts)
elseif(TRACK STREQUAL "app")
  arpent_track(app)
elseif(TRACK STREQUAL "single")
  arpent_track(app parts)
  set_source_files_properties(text.cpp PROPERTIES COMPILE_OPTIONS -UDEBUG)
elseif(TRACK STREQUAL "wrong")
  arpent_track(nothing)
elseif(TRACK STREQUAL "imported")
  arpent_track(arpent::heap)
elseif(TRACK STREQUAL "none given")
  arpent_check()
endif()
CMAKE
cat >project/parts.c <<'C'
#include <ar_heap.h>
void* part_new(void) { return AR__HEAP__MALLOC(24, "a part"); }
C
cat >project/text.cpp <<'CPP'
#include <arpent/heap.hpp>
extern "C" char* text_new() { return ar::dupe("text", "a text"); }
CPP
cat >project/store.zig <<'ZIG'
const ar = @import("ar_allocator");
export fn store_new() ?*u64 { return ar.create(u64, "a store"); }
export fn store_end(block: ?*anyopaque) void { ar.free(block); }
ZIG
cat >project/main.c <<'C'
#include <ar_heap.h>
void* part_new(void);
char* text_new(void);
void* store_new(void);
void store_end(void* block);
int main(void) {
  store_end(part_new());
  AR__HEAP__FREE(store_new());
  store_end(text_new());
  return text_new() == 0; /* the leak */
}
C

configure() { # TRACK [OPTIONS]
  cmake -G Ninja -S project -B "build-$1" -DCMAKE_PREFIX_PATH="$prefix" -DARPENT_ZIG="$zig" -DTRACK="$1" "${@:2}" >"$1.log" 2>&1
}
builds() { configure "$@" && cmake --build "build-$1" >>"$1.log" 2>&1; }
says() { tr '\n' ' ' <"$1.log" | tr -s ' ' | has -F -- "$2" || fail "$1: '$2' is not said: $(tail -n 12 "$1.log")"; }

runs() { # FOLDER PROGRAM LEAKS: number of leaks in ar_heap's report
  mkdir -p "run-$1"
  (cd "run-$1" && "$2" >output 2>&1) || fail "$1: the program ended with an error"
  if [ "$3" -gt 0 ]; then
    grep -q "^Actual memory leaks: $3 (" "run-$1/heap_memory_report.log" || fail "$1: not $3 leaks"
    grep -q 'Description: a text$' "run-$1/heap_memory_report.log" || fail "$1: the leak is not described"
    grep -q 'Allocated at: .*text.cpp:2$' "run-$1/heap_memory_report.log" || fail "$1: the leak's place is not told"
  elif grep -q 'detected' "run-$1/output"; then
    fail "$1: a leak of ar_heap is reported where nothing is tracked"
  fi
}

if builds all; then
  runs all "$PWD/build-all/app" 1
  report=$("$prefix/bin/arpent" check build-all/app)
  grep -qE 'not mixed: 4 modules tracked' <<<"$report" || fail "all: not four modules tracked: $report"
  grep -q 'in every module that is known' <<<"$report" || fail "all: debug information is missing: $report"
else
  fail "all tracked does not build: $(tail -n 15 all.log)"
fi
if builds none; then
  runs none "$PWD/build-none/app" 0
  "$prefix/bin/arpent" check build-none/app | has 'not mixed: 4 modules untracked' || fail "none: not four modules untracked"
else
  fail "none tracked does not build: $(tail -n 15 none.log)"
fi
for mixture in app single; do
  if builds $mixture; then
    fail "$mixture: a mixture builds"
  else
    says $mixture 'arpent check: tracked and untracked modules are mixed'
    says $mixture 'mixed: 3 modules tracked, 1 untracked'
  fi
done
for nonsense in wrong imported 'none given'; do
  if configure "$nonsense"; then fail "'$nonsense' is accepted"; fi
done
says wrong "arpent_track: there is no target 'nothing'"
says imported "arpent_track: 'arpent::heap' compiles nothing here"
says 'none given' 'arpent_check: name a target at least.'

# make, with the rules as they are printed in the documentation.
mkdir makes
cp project/main.c project/store.zig makes/
cp project/text.cpp makes/list.cpp
sed -i 's/int main/void* part_new(void) { return AR__HEAP__MALLOC(24, "a part"); }\nint main/' makes/main.c
sed -n '/^```make$/,/^```$/p' "$SOURCE_DIR/docs/mixed-languages.md" | grep -v '^```' >makes/Makefile
grep -q 'ZIG' makes/Makefile || fail "docs/mixed-languages.md has no make rules"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PATH=$prefix/bin:$PATH LD_LIBRARY_PATH=$prefix/lib
make_it() { make -C makes ZIG="$zig" CC="$CC" CXX="$CXX -std=c++20" "$@" app >make.log 2>&1; }
if make_it; then
  arpent check makes/app | has 'not mixed: 3 modules tracked' || fail "make: not three modules tracked: $(arpent check makes/app)"
else
  fail "make: does not build: $(tail -n 8 make.log)"
fi
rm makes/main.o makes/app
if make_it CFLAGS="-g $(pkg-config --cflags arpent)"; then
  fail "make: a mixture builds"
else
  grep -q 'tracked and untracked modules are mixed' make.log || fail "make: fails for another reason: $(tail -n 8 make.log)"
fi

finish "projects are tracked as a whole, and mixtures fail to build"
