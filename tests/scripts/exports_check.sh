#!/usr/bin/env bash
# Tests scripts/check-exports
# scripts/check-exports names each change of a library's interface, and says nothing about a library as listed.
set -euo pipefail
check=$SOURCE_DIR/scripts/check-exports
. "$SOURCE_DIR/tests/harness/checks.sh"

mkdir -p lists libraries
touch lists/libsample.so.txt lists/libsample.a.txt

# build SONAME SOURCE: the library as these lines of C
build() {
  printf '%s\n' "$2" >sample.c
  "$CC" -g -O1 -fPIC -c -o sample.o sample.c
  "$CC" -shared -Wl,-soname,"$1" -o libraries/libsample.so sample.o
  rm -f libraries/libsample.a
  ar rcs libraries/libsample.a sample.o
}
# says STATUS WORDS…: the check ends with the status and prints a line with each of the words
says() {
  local status=0 output words
  output=$("$check" --lists lists libraries 2>&1) || status=$?
  [ $status -eq "$1" ] || fail "status $status instead of $1: $output"
  for words in "${@:2}"; do
    grep -qF -- "$words" <<<"$output" || fail "no '$words' in: $output"
  done
}

pair='struct ar_heap__pair { int first; long second; };'
sum='long ar_heap__sum(const struct ar_heap__pair* pair) { return pair->first + pair->second; }'
twice='int ar_heap__twice(int number) { return 2 * number; }'
sample="$pair
$sum
$twice"

build libsample.so.0 "$sample"
"$check" --update --lists lists libraries
says 0

build libsample.so.1 "$sample"
says 1 'libsample.so: no longer: soname libsample.so.0' 'libsample.so: new: soname libsample.so.1'
build libsample.so.0 "$pair
$sum"
says 1 'libsample.so: no longer: ar_heap__twice: int (int)' 'libsample.a: no longer: ar_heap__twice'
build libsample.so.0 "$sample
void leaked(void) {}"
says 1 'libsample.so: new: leaked' 'libsample.a: new: leaked'
build libsample.so.0 "${sample/int number/long number}"
says 1 'libsample.so: new: ar_heap__twice: int (long int)'
build libsample.so.0 "${sample/int first; long second/long second; int first}"
says 1 'libsample.so: new:   8 first: int'
build libsample.so.0 "__attribute__((weak)) $twice
$pair
$sum"
says 1 'libsample.so: new: weak ar_heap__twice: int (int)'
build libsample.so.0 "$sample"
says 0

rm libraries/libsample.so
says 2 'libsample.so is not there'

"$check" "$ARPENT_LIB" || fail "our own libraries are not as listed"

finish "the check of the exported symbols does its work"
