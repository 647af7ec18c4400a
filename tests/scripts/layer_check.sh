#!/usr/bin/env bash
# Tests scripts/check-layers
# The layer check finds what it is there to find, names file, line and rule, and leaves the rest alone.
set -euo pipefail
check=$SOURCE_DIR/scripts/check-layers
. "$SOURCE_DIR/tests/harness/checks.sh"

mkdir -p tree/src/{platform,heap,guard,track/{region,sites},abi,profile/{model,symbols,change,write},ml,misc} tree/tools/arpent/{binary,common,run} tree/include/arpent tree/examples

# write FILE LINES…: a file of these lines
write() {
  local file=tree/$1
  shift
  printf '%s\n' "$@" >"$file"
}
# breaks FILE:LINE WORDS LINES…: a file of these lines breaks a rule at that line, which the message names
breaks() {
  local where=$1 words=$2 file=${1%:*} output status=0
  shift 2
  write "$file" "$@"
  output=$("$check" tree) || status=$?
  rm "tree/$file"
  [ $status -eq 1 ] || fail "$where: status $status, not 1"
  [ "$(grep -c . <<<"$output")" -eq 1 ] || fail "$where: not exactly one line: $output"
  case $output in
    "$where: "*"$words"*) ;;
    *) fail "$where: the message is '$output', without '$words'" ;;
  esac
}
allowed() {
  local file=$1 output
  shift
  write "$file" "$@"
  output=$("$check" tree) || fail "$file: refused: $output"
  rm "tree/$file"
}

breaks src/platform/a.hpp:2 'heap is above it' '#pragma once' '#include "heap/heap.hpp"'
breaks src/heap/a.cpp:1 'track is above it' '#include "track/track.hpp"'
breaks src/guard/a.cpp:1 'abi is above it' '#include "abi/process.hpp"'
breaks src/track/a.cpp:3 'profile is above it' '' '' '  #  include   "profile/read/reader.hpp"  // why not'
breaks src/profile/a.cpp:1 'tools is above it' '#include "tools/arpent/run.hpp"'
breaks src/heap/a.cpp:1 'ar_heap.h' '#include "ar_heap.h"'
breaks src/heap/a.cpp:1 'not written from src/' '#include "page.hpp"'
breaks src/heap/a.cpp:1 'in no layer' '#include "nowhere/page.hpp"'
breaks src/heap/a.cpp:1 'no C++ runtime' '#include <string>'
breaks src/abi/a.cpp:1 'stdio' '#include <stdio.h>'
breaks src/abi/a.cpp:1 'stdio' '#include <cstdio>'
breaks src/misc/a.cpp:1 'not a layer' 'int x;'
breaks src/profile/a.cpp:1 'beside the layers' '#include "ml/plan_search.hpp"'
breaks tools/arpent/run/a.cpp:1 'do not include each other' '#include "arpent/check/findings.hpp"'
breaks tools/arpent/common/a.cpp:1 'below the subcommands' '#include "arpent/run/preload.hpp"'
breaks tools/arpent/common/a.cpp:1 'below the subcommands' '#include "arpent/subcommands.hpp"'
breaks tools/arpent/binary/a.cpp:1 'below the subcommands' '#include "arpent/common/output.hpp"'
breaks src/ml/a.cpp:1 'public headers only' '#include "heap/heap.hpp"'
breaks src/profile/model/a.hpp:2 'profile/model includes' '#pragma once' '#include "profile/symbols/symbols.hpp"'
breaks src/profile/change/a.cpp:1 'profile/change includes' '#include "profile/write/text_style.hpp"'
breaks include/arpent/a.hpp:1 'users do not have' '#include "heap/heap.hpp"'
breaks examples/a.cpp:1 'users do not have' '#include "track/track.hpp"'

# Rooms of a layer are ordered; the files beside them are above them.
breaks src/track/region/a.cpp:1 'the rooms are' '#include "track/sites/origins.hpp"'
breaks src/track/sites/a.cpp:1 'the rooms are' '#include "track/record.hpp"'
allowed src/track/sites/a.cpp '#include "track/sites/origins.hpp"' '#include "track/region/region.hpp"'

# loop FILE:LINE UNITS: the tree as it is breaks no rule but one: these units include each other.
loop() {
  local where=$1 units=$2 output status=0
  output=$("$check" tree) || status=$?
  [ $status -eq 1 ] || fail "a loop: status $status, not 1"
  [ "$output" = "$where: $(wc -w <<<"$units") units include each other: $units" ] || fail "a loop: $output"
  rm -f tree/src/*/*.?pp tree/src/track/*/*.?pp tree/tools/arpent/*/*.?pp
}
# A header is one unit with its source.
write src/heap/a.hpp '#pragma once'
write src/heap/a.cpp '#include "heap/a.hpp"' '#include "heap/b.hpp"'
write src/heap/b.hpp '#include "heap/a.hpp"'
loop src/heap/a.cpp:2 'heap/a heap/b'
# Through a third one, in another folder.
write src/track/a.hpp '#include "track/sites/b.hpp"'
write src/track/sites/b.cpp '#include "track/sites/b.hpp"' '#include "track/sites/c.hpp"'
write src/track/sites/b.hpp '#pragma once'
write src/track/sites/c.hpp '#include "track/sites/d.hpp"'
write src/track/sites/d.hpp '#include "track/sites/b.hpp"'
loop src/track/sites/b.cpp:2 'track/sites/b track/sites/c track/sites/d'
# In the command too.
write tools/arpent/run/a.hpp '#include "arpent/run/b.hpp"'
write tools/arpent/run/b.hpp ''
write tools/arpent/run/b.cpp '#include "arpent/run/a.hpp"'
loop tools/arpent/run/a.hpp:1 'arpent/run/a arpent/run/b'
# Two ways to the same unit are no loop.
write src/heap/a.hpp '#include "heap/b.hpp"' '#include "heap/c.hpp"'
write src/heap/b.hpp '#include "heap/c.hpp"'
write src/heap/c.hpp '#pragma once'
"$check" tree || fail "a tree without loops is refused"
rm tree/src/heap/*

allowed src/track/a.cpp '#include "track/track.hpp"' '#include "heap/heap.hpp"' '#include "platform/lock.hpp"'
allowed src/abi/a.cpp '#include "ar_heap.h"' '#include <ar_heap.h>' '#include <pthread.h>' '#include <atomic>'
allowed src/profile/a.cpp '#include <string>' '#include <cstdio>' '#include "track/slot.hpp"'
allowed src/profile/change/a.cpp '#include "profile/change/grouping.hpp"' '#include "profile/model/profile.hpp"'
allowed src/profile/write/a.cpp '#include "profile/read/gzip.hpp"' '#include "track/slot.hpp"'
allowed src/ml/a.cpp '#include "arpent/ml/plan.hpp"' '#include "ml/plan_search.hpp"' '#include <string>'
allowed tools/arpent/a.cpp '#include "profile/read/reader.hpp"' '#include "arpent/run.hpp"' '#include <CLI/CLI.hpp>'
allowed tools/arpent/run/a.cpp '#include "arpent/common/output.hpp"' '#include "arpent/binary/input.hpp"' \
  '#include "arpent/run/preload.hpp"' '#include "arpent/subcommands.hpp"'
allowed src/platform/a.cpp '// #include "heap/heap.hpp"'

status=0
"$check" nowhere >output 2>&1 || status=$?
[ $status -eq 2 ] || fail "a folder without sources: status $status, not 2"

"$check" "$SOURCE_DIR" || fail "our own sources break a rule"

finish "the layer check does its work"
