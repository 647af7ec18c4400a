#!/usr/bin/env bash
# Tests zig/ course/exercises
# All Zig sources are as `zig fmt` formats them.
set -euo pipefail
. "$SOURCE_DIR/tests/harness/checks.sh"
cd "$SOURCE_DIR"
compiler=$(scripts/install-zig)
mapfile -t sources < <(find zig tests examples course -name '*.zig')
[ ${#sources[@]} -gt 20 ] || fail "only ${#sources[@]} Zig sources are found"
"$compiler" fmt --check "${sources[@]}" || fail "the files above are not formatted: run zig fmt"
finish "${#sources[@]} Zig sources are formatted"
