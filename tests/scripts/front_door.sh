#!/usr/bin/env bash
# Tests dev
# ./dev: wrong usage gets one clear line and status 2; what cannot be installed is named, with status 3.
set -euo pipefail
# A copy, because it keeps its logs beside itself.
mkdir project
cp -r "$SOURCE_DIR/dev" "$SOURCE_DIR/scripts" project
dev=$PWD/project/dev
. "$SOURCE_DIR/tests/harness/checks.sh"

# refuses STATUS WORDS COMMAND…: ends with that status and says these words, on standard error
refuses() {
  local status=$1 words=$2 got=0
  shift 2
  "$@" >out 2>err || got=$?
  [ $got -eq "$status" ] || fail "'$*' ends with $got, not $status"
  grep -qF -- "$words" err || fail "'$*' does not say '$words' but: $(cat err)"
}
refuses 2 "no verb 'frobnicate'" "$dev" frobnicate
refuses 2 'PREFIX=DIR' "$dev" install
refuses 2 'PREFIX=DIR' "$dev" install PREFIX=
refuses 2 "not 'prefix=/tmp'" "$dev" install prefix=/tmp
refuses 2 "no preset 'fastest'" "$dev" build fastest
refuses 2 "does not know '--fast'" "$dev" test --fast
refuses 2 'one regular expression' "$dev" test --only
refuses 2 'no arguments' "$dev" run fast
refuses 2 "10 seconds or more, not 'long'" "$dev" bench-server long
refuses 2 "10 seconds or more, not '5'" "$dev" bench-server 5
refuses 2 "takes a number of seconds, then names of fuzzers" "$dev" fuzz-readers long
refuses 2 "takes a number of seconds, then names of fuzzers" "$dev" fuzz-readers 1 nothing
refuses 2 "number of seconds first, not 'long'" "$dev" soak long
refuses 2 "'fuzz-heap' takes a number of seconds" "$dev" fuzz-heap long

for words in 'help' '' '--help'; do
  # shellcheck disable=SC2086 # no argument at all is one of the cases
  "$dev" $words >out 2>err || fail "./dev $words ends with an error"
  grep -q './dev install PREFIX=DIR' out || fail "./dev $words does not list the verbs"
done

# A computer without a compiler: only these commands are on the path.
bare() { # FOLDER COMMANDS…
  local folder=$1 command
  shift
  mkdir -p "$folder"
  for command in sh dirname cat mkdir tail env sed grep "$@"; do
    ln -sf "$(command -v "$command")" "$folder/$command"
  done
}
bare plain
refuses 3 'what Debian calls: ' env PATH="$PWD/plain" "$dev" build
grep -q 'g++ cmake ninja-build' err || fail "the missing packages are not named: $(cat err)"

bare user
printf '#!/bin/sh\necho 1000\n' >user/id
printf '#!/bin/sh\necho "apt-get must not be called" >&2\nexit 99\n' >user/apt-get
chmod +x user/id user/apt-get
refuses 3 'apt-get install -y --no-install-recommends g++' env PATH="$PWD/user" "$dev" build
if grep -q 'must not be called' err; then fail 'apt-get is called by someone who is not root'; fi

# ./dev build asks; without a terminal to answer on, it installs nothing and names the packages.
bare asked
printf '#!/bin/sh\necho 0\n' >asked/id
cp user/apt-get asked/apt-get
chmod +x asked/id
refuses 3 'nothing was installed' env -u CI PATH="$PWD/asked" "$dev" build </dev/null
grep -q 'apt-get install -y --no-install-recommends g++ cmake' err || fail "the packages are not named: $(cat err)"
if grep -q 'must not be called' err; then fail 'apt-get is called without an answer'; fi
# Either variable makes it install.
refuses 3 'could not install: g++' env -u CI ARPENT_DEV_INSTALL=yes PATH="$PWD/asked" "$dev" build </dev/null
refuses 3 'could not install: g++' env CI=true PATH="$PWD/asked" "$dev" build </dev/null
# ./dev run installs without a question.
refuses 3 'could not install: g++' env -u CI PATH="$PWD/asked" "$dev" run </dev/null

# With sudo, one update and one installation of exactly what is missing; a failure is told.
bare sudoer
ln -sf "$PWD/user/id" sudoer/id
printf '#!/bin/sh\n[ "$1" = -n ] && exit 0\necho "sudo $*" >>"%s/calls"\nexit 7\n' "$PWD" >sudoer/sudo
printf '#!/bin/sh\nexit 98\n' >sudoer/apt-get
chmod +x sudoer/sudo sudoer/apt-get
refuses 3 'could not install: ' env ARPENT_DEV_INSTALL=yes PATH="$PWD/sudoer" "$dev" build
grep -q '^sudo apt-get update' calls || fail "apt-get is not called through sudo: $(cat calls)"

finish "the front door answers as it should"
