# Sourced by the scripts beside this one, in a root folder of their own. What they are given lies two folders
# above: packages/, arpent/ (a clone) and projects/ (tests/downstream).
set -eu
given=$(cd "$(dirname "$0")/../.." && pwd)
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
finish() {
  [ "$failures" -eq 0 ] || exit 1
  echo "passed: $*"
}
leak_line=$(grep -n 'the leak' "$given"/projects/c/main.c | cut -d: -f1)

# Surveys a program that was built from projects/c/main.c, and shows the leak that the report names.
survey() { # NAME PROGRAM
  rm -f /tmp/report.txt
  if ! arpent run --report /tmp/report.txt -- "$2" >/tmp/output 2>&1; then
    fail "$1: arpent run: $(tail -n 3 /tmp/output)"
  elif ! grep "123 B .*main\.c:$leak_line .*downstream C: the lost block" /tmp/report.txt >/tmp/leak; then
    fail "$1: the leak is not named: $(cat /tmp/report.txt)"
  else
    printf '%-28s %s\n' "$1" "$(head -n 1 /tmp/leak)"
  fi
}
build() { # NAME COMMAND…: reports a command that fails
  name=$1
  shift
  "$@" >/tmp/build.log 2>&1 || {
    fail "$name: $*: $(tail -n 10 /tmp/build.log)"
    return 1
  }
}
by_cmake() { # NAME CMAKE'S OPTIONS…
  name=$1
  shift
  build "$name" cmake -S "$given"/projects/c -B "/tmp/$name" "$@" && build "$name" cmake --build "/tmp/$name" &&
    survey "$name" "/tmp/$name/app"
}
by_pkg_config() { # NAME MODULE
  # shellcheck disable=SC2046 # words
  build "$1" gcc -DDEBUG -g -o "/tmp/$1" "$given"/projects/c/main.c $(pkg-config --cflags --libs "$2") && survey "$1" "/tmp/$1"
}
# The command of the tarball, for programs whose Arpent comes another way.
use_tarball() {
  mkdir -p /opt
  tar -xzf "$given"/packages/arpent-*.tar.gz -C /opt
  place=$(echo /opt/arpent-*)
  PATH=$place/bin:$PATH
}
