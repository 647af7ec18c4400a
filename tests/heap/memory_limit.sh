#!/usr/bin/env bash
# Tests src/heap/
# Where the address space is limited, allocation fails with null and ENOMEM, never with a crash, and works again in
# any size once memory was released. The C library's own malloc is the measure.
set -euo pipefail

source=$SOURCE_DIR/tests/heap/programs/memory_limit.c
"$CC" -O0 -g -fno-builtin -pthread -o linked-static "$source" "$ARPENT_LIB/libarpent.a"
. "$SOURCE_DIR/tests/harness/checks.sh"
passes() { # DESCRIPTION KIB COMMAND…
  local what=$1 limit=$2 out status=0
  shift 2
  out=$( (ulimit -c 0 -v "$limit" && exec "$@") 2>&1) || status=$?
  if [ $status -ne 0 ] || [ -n "$out" ]; then
    fail "$what with $limit KiB: status $status, $out"
  fi
}

for way in small_then_large large_then_small growth threads nothing_at_all; do
  for mode in off sites; do
    for limit in 150000 400000; do
      passes "preloaded, $mode, $way" $limit \
        env LD_PRELOAD="$ARPENT_PRELOAD" ARPENT_MODE=$mode "$TEST_PROGRAMS/memory_limit" $way
    done
    passes "linked, $mode, $way" 200000 env ARPENT_MODE=$mode ./linked-static $way
  done
done

# Under a limit that leaves no room to track, the program runs, and the report says why it tells nothing.
for limit in 28000 42000; do
  status=0
  (ulimit -c 0 -v $limit && exec "$ARPENT_BIN" run -- sh -c :) >narrow 2>&1 ||
    status=$?
  if [ $status -ne 0 ] || ! grep -q "tracked     nothing: the limit on addresses (ulimit -v $limit)" narrow; then
    fail "arpent run with $limit KiB: status $status, $(cat narrow)"
  fi
done

finish "memory limits are kept to, and nothing is lost by meeting them"
