#!/usr/bin/env bash
# Tests cmake/
# The tarball that cpack makes: one folder, which runs from a place that it was not made for; and the debug information,
# which is installed apart and belongs to the stripped files.
# ctest: TIMEOUT=600 COST=20
set -euo pipefail
. "$SOURCE_DIR/tests/harness/checks.sh"

cpack -G TGZ --config "$BUILD_DIR/CPackConfig.cmake" -B "$PWD/packages" >cpack.log 2>&1 || fail "cpack: $(tail -n 3 cpack.log)"
mkdir 'some where'
tar -xzf packages/arpent-*.tar.gz -C 'some where'
set -- 'some where'/*
[ $# -eq 1 ] || fail "the tarball has $# entries, not one folder: $*"
cd "$1"
place=$PWD
for file in bin/arpent lib/libarpent.so lib/libarpent-preload.so lib/libarpent.a include/ar_heap.h share/doc/arpent/LICENSE; do
  [ -e "$file" ] || fail "the tarball has no $file"
done
[ ! -e lib/debug ] || fail "the tarball has debug information"
bin/arpent run --report "$place/report.txt" -- "$TEST_PROGRAMS/counts" >output 2>&1 || fail "arpent run: $(tail -n 3 output)"
grep -q 'allocations' report.txt || fail "the report of the unpacked command: $(head -n 5 report.txt)"

cmake --install "$BUILD_DIR" --prefix "$place/debug" --component debug >/dev/null
for file in bin/arpent lib/libarpent.so lib/libarpent-preload.so; do
  if readelf -SW "$file" | has '\.debug_info'; then fail "$file is not stripped"; fi
  id=$(readelf -n "$file" | sed -n 's/.*Build ID: //p')
  kept=$place/debug/lib/debug/.build-id/${id:0:2}/${id:2}.debug
  if [ ! -s "$kept" ]; then
    fail "$file: its debug information is not installed"
  elif ! readelf -SW "$kept" 2>/dev/null | has '\.debug_info'; then
    fail "$kept has no debug information"
  fi
done

finish "the tarball runs elsewhere, and its debug information lies apart"
