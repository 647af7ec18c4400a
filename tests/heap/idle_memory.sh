#!/usr/bin/env bash
# Tests src/heap/
# Memory that a program has released goes back to the system after a pause, whoever allocated and released it, as soon
# as the program goes on with anything.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"
for how in small medium spans mappings by_another_thread of_a_dead_thread of_a_dead_thread_by_another \
  trimmed; do
  for mode in off sites; do
    env LD_PRELOAD="$ARPENT_PRELOAD" ARPENT_MODE=$mode "$TEST_PROGRAMS/idle_memory" $how || {
      fail "$how in mode $mode"
    }
  done
done
finish "idle memory goes back"
