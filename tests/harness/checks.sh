# Sourced by the shell tests. A test notes a failure and goes on, so that one run shows them all.
failures=0
fail() { # WHAT…
  echo "FAILED: $*"
  failures=$((failures + 1))
}
# Whether the input has a line that matches. It reads all of it, which grep -q does not: whatever writes it would
# be stopped in the middle, now and then, and under pipefail the pipe would have failed.
has() { # GREP'S OPTIONS AND PATTERN…
  [ "$(grep -c "$@")" -gt 0 ]
}
# The last call of a test: its exit status says whether anything failed.
finish() { # WHAT IS TRUE…
  [ $failures -eq 0 ] || exit 1
  echo "$*"
}
