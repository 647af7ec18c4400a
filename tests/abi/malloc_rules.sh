#!/usr/bin/env bash
# Tests src/abi/
# malloc and its family do what the C library documents: preloaded and linked, statically, shared and into a fully
# static program, tracked or not. The C library itself passes the same checks.
set -euo pipefail

source=$SOURCE_DIR/tests/abi/programs/malloc_rules.c
. "$SOURCE_DIR/tests/harness/checks.sh"
passes() { # DESCRIPTION COMMAND…
  local what=$1 out
  shift
  if ! out=$("$@" 2>&1) || [ "$out" != "the rules hold" ]; then
    fail "$what: $out"
  fi
}

"$CC" -O0 -g -fno-builtin -o linked-static "$source" "$ARPENT_LIB/libarpent.a"
"$CC" -O0 -g -fno-builtin -o linked-shared "$source" -L"$ARPENT_LIB" -larpent -Wl,-rpath,"$ARPENT_LIB"
"$CC" -O0 -g -fno-builtin -static -o fully-static "$source" "$ARPENT_LIB/libarpent.a" 2>/dev/null

# What is looked for below must not come from a library that is not there.
readelf -dW linked-shared | has 'NEEDED.*libarpent' || {
  echo "FAILED: linked-shared does not need libarpent"
  exit 1
}

passes "the C library itself" "$TEST_PROGRAMS/malloc_rules"
for mode in sites off; do
  passes "preloaded, $mode" env LD_PRELOAD="$ARPENT_PRELOAD" ARPENT_MODE=$mode "$TEST_PROGRAMS/malloc_rules"
  for program in linked-static linked-shared fully-static; do
    passes "$program, $mode" env ARPENT_MODE=$mode "./$program"
  done
done

finish "malloc's rules hold in every way of linking"
