#!/usr/bin/env bash
# Tests examples/mixed-languages/
# The example of mixed languages: C and Zig modules that release each other's memory, built three ways. No false leak in
# any, where a hand-made tracker reports hundreds; planted leaks are found, and no others; and `arpent check` tells
# before the program runs which of the three is mixed.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"

example=$SOURCE_DIR/examples/mixed-languages
ZIG=$("$SOURCE_DIR/scripts/install-zig")
ZIG_GLOBAL_CACHE_DIR=$BUILD_DIR/zig-cache
ARPENT_SYMBOLIZER=$ARPENT_BIN
export ZIG ZIG_GLOBAL_CACHE_DIR ARPENT_SYMBOLIZER ARPENT_LIB
"$example/build" built || {
  echo "FAILED: the example does not build"
  exit 1
}

report=heap_memory_report.log
run() { # PROGRAM [LEAK]: status, no word of its own but the warning of `leaks` blocks
  rm -f $report
  "./built/$@" >out 2>err || fail "$*: ended with $?"
  [ ! -s out ] || fail "$*: prints $(cat out)"
  [ -s $report ] || fail "$*: no report"
}
leaks() { # NAME COUNT
  grep -q "^Actual memory leaks: $2 (" $report || fail "$1: $(grep '^Actual' $report) instead of $2"
  if [ "$2" = 0 ]; then
    [ ! -s err ] || fail "$1: says $(cat err)"
  else
    grep -q "^Warning: $2 memory leak" err || fail "$1: does not warn: $(cat err)"
  fi
}
# Blocks of the section of other memory: their number, and the list without sizes.
others() { sed -n '/^Memory of other origin/,$ s/^  In use: *\([0-9]*\) blocks.*/\1/p' $report; }
line_of() { grep -n "$2" "$example/$1" | cut -d: -f1; }

for way in untracked tracked module; do
  run $way
  leaks $way 0
  [ "$(others)" = 0 ] || fail "$way: $(others) other blocks are in use"

  # In the C module, tracked in all three: by its description.
  run $way list
  leaks "$way list" 1
  grep -A 1 "^  Allocated at: $example/list.c:$(line_of list.c 'AR__HEAP__MALLOC')\$" $report |
    grep -q '^  Description: list: forgotten node$' || fail "$way: the leak of the C module is not named: $(cat $report)"
  [ "$(others)" = 0 ] || fail "$way: the leak of the C module counts twice"

  # In the Zig module: by description where it is tracked, else by function, as other memory.
  run $way words
  case $way in
    untracked)
      leaks "$way words" 0
      [ "$(others)" = 1 ] || fail "$way: $(others) other blocks instead of the leak"
      place="words_macros.forgetWord at $example/words_macros.zig:$(line_of words_macros.zig 'a forgotten word')"
      [ "$(grep -cE '^ +100 +1  ' $report)" = 1 ] && grep -qE "^ +100 +1  $place\$" $report ||
        fail "$way: the leak of the Zig module is not at $place: $(cat $report)"
      ;;
    *)
      leaks "$way words" 1
      source=words_module.zig
      if [ $way = tracked ]; then source=words_macros.zig; fi
      grep -A 1 "^  Allocated at: $example/$source:$(line_of $source 'a forgotten word')\$" $report |
        grep -q '^  Description: words: a forgotten word$' || fail "$way: the leak of the Zig module: $(cat $report)"
      [ "$(others)" = 0 ] || fail "$way: the leak of the Zig module counts twice"
      ;;
  esac
done

# What the hand-made tracker makes of it.
for expected in untracked:473 tracked:0 module:0; do
  said=$("./built/${expected%:*}-handmade" 2>&1)
  [ "$said" = "hand-made tracker: ${expected#*:} leaks" ] || fail "the hand-made tracker: $expected: $said"
done

# The table that the example prints is the one in its README.
"$example/survey" "$PWD/surveyed" >table || fail "survey"
sed -n '/^```$/,/^```$/p' "$example/README.md" | grep -v '^```$' | diff - table || fail "the README's table is another"

# --- three stories
check() { # NAME STATUS-OF-STRICT EXPRESSION…
  local name=$1 strict=$2 status=0
  shift 2
  "$ARPENT_BIN" check "built/$name" >story 2>err || fail "check $name: $(cat err)"
  [ ! -s err ] || fail "check $name: says $(cat err)"
  for expression in "$@"; do
    grep -qE "$expression" story || fail "check $name: no line '$expression' in: $(cat story)"
  done
  "$ARPENT_BIN" check --strict "built/$name" >/dev/null 2>&1 || status=$?
  [ $status = "$strict" ] || fail "check --strict $name: status $status"
}
c='/list\.c +C +tracked +yes$'
check untracked 1 '  configuration +mixed: 1 module tracked, 1 untracked$' 'Safe here: Arpent serves malloc' "$c" \
  ' Zig +untracked, by @cImport +yes$' "malloc +Arpent's, linked in"
check tracked 0 '  configuration +not mixed: 2 modules tracked$' "$c" ' Zig +tracked, by @cImport +yes$'
check module 0 '  configuration +not mixed: 2 modules tracked$' "$c" '^  main +Zig +tracked +yes$'
check untracked-handmade 1 '  configuration +mixed: 1 module tracked, 1 untracked, 1 without a note$' \
  "Unsafe: the ar_heap__malloc in this program is not Arpent's"

# --- and what has none to tell
"$ARPENT_BIN" check /usr/bin/git >story 2>err || fail "check of git: $(cat err)"
for expression in '/usr/bin/git: executable' 'unknown: there is no note and no debug information$' \
  "malloc +the C library's; 'arpent run' puts Arpent's in its place" 'direct calls +.*malloc' 'cannot be listed'; do
  grep -qE "$expression" story || fail "check of git: no '$expression' in: $(cat story)"
done
size=$(stat -c %s built/module)
for cut in 20 3000 $((size / 2)) $((size - 1)); do
  head -c $cut built/module >"cut-$cut"
done
echo "a line of text" >text
status=0
"$ARPENT_BIN" check cut-* text built/module >story 2>err || status=$?
[ $status = 3 ] || fail "check of damaged files: status $status"
[ "$(wc -l <err)" = 5 ] || fail "not one line for each damaged file: $(cat err)"
for name in cut-*; do
  grep -q "^arpent check: '$name' is cut off or damaged: " err || fail "of $name: $(cat err)"
done
grep -q "^arpent check: 'text' is text, not an object" err || fail "of a text: $(cat err)"
grep -q '^== built/module: executable' story || fail "what is whole is not checked: $(cat story)"

cat table
finish "no false leak in any of the builds"
