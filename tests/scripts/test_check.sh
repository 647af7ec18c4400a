#!/usr/bin/env bash
# Tests scripts/check-tests
# The check of what tests are about finds what it is there to find, and leaves the rest alone.
set -euo pipefail

check=$SOURCE_DIR/scripts/check-tests
. "$SOURCE_DIR/tests/harness/checks.sh"

mkdir -p tree/src/heap tree/tests/{heap,harness}
touch tree/src/heap/spans.cpp tree/tests/harness/helper.py
printf '// Tests src/heap/spans.cpp src/heap/\n#include "heap/spans.hpp"\n' >tree/tests/heap/spans_test.cpp
printf '#!/usr/bin/env bash\n# Tests src/heap/\n' >tree/tests/heap/memory.sh
printf '# Tests src/heap/spans.cpp\n"""Spans."""\n' >tree/tests/heap/spans.py
"$check" tree >out || fail "a tree without fault is refused: $(cat out)"
[ ! -s out ] || fail "a tree without fault gets words: $(cat out)"

refuses() { # TEXT OF A TEST, WORDS
  printf '%s\n' "$1" >tree/tests/heap/wrong_stress.cpp
  ! "$check" tree >out || fail "this passes: $1"
  [ "$(wc -l <out)" = 1 ] || fail "not one line about: $1: $(cat out)"
  grep -qF -- "tests/heap/wrong_stress.cpp: $2" out || fail "'$2' is not said of: $1: $(cat out)"
}
refuses '#include "heap/spans.hpp"' 'names nothing'
refuses '// Tests src/heap/gone.cpp' "tests 'src/heap/gone.cpp', which does not exist"
refuses '// Tests src/heap/spans.cpp src/gone/' "tests 'src/gone/', which does not exist"
refuses $'// Stress.\n//\n// Tests src/heap/spans.cpp' 'names nothing'
rm tree/tests/heap/wrong_stress.cpp

# A condition of its own, and a pipe that is read to its end, are fine.
printf '# Tests src/heap/\nfalse || grep -q span out\nnm a.o | has span\n' >tree/tests/heap/pipes.sh
"$check" tree >out || fail "a test without such a pipe is refused: $(cat out)"
printf 'nm a.o |  %s -Fq span\n' grep >>tree/tests/heap/pipes.sh
! "$check" tree >out || fail "a pipe into grep -q passes"
grep -qF 'tests/heap/pipes.sh:4: pipes into grep -q' out || fail "the pipe is not named: $(cat out)"

finish "tests name what they are about"
