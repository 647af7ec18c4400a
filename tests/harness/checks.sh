# Sourced by the shell tests. A test notes a failure and goes on, so that one run shows them all.
failures=0
fail() { # WHAT…
  echo "FAILED: $*"
  failures=$((failures + 1))
}
# The last call of a test: its exit status says whether anything failed.
finish() { # WHAT IS TRUE…
  [ $failures -eq 0 ] || exit 1
  echo "$*"
}
