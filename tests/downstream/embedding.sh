#!/usr/bin/env bash
# Tests CMakeLists.txt
# Projects that build Arpent as a part of themselves, by add_subdirectory and by FetchContent: both get the targets
# arpent::heap, arpent::allocators, arpent::arpent and arpent::ml with a compiler alone, and their leaks are reported.
# ctest: COST=60
set -euo pipefail
. "$SOURCE_DIR/tests/harness/checks.sh"

# The tree as it is here, changes that are not committed included, as a repository of its own.
mkdir sources
for entry in CMakeLists.txt LICENSE README.md CHANGELOG.md cmake src include zig tools examples; do
  cp -r "$SOURCE_DIR/$entry" sources
done
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q -b main sources
git -C sources add -A
git -C sources commit -qm 'the sources'

leaks() { # NAME PROGRAM SIZE
  local status=0
  mkdir -p "run/$1"
  (cd "run/$1" && "$2" >stdout 2>stderr) || status=$?
  [ $status -eq 0 ] || fail "$1: ends with $status: $(tail -n 3 "run/$1/stderr")"
  grep -q "^Actual memory leaks: 1 ($3 bytes)$" "run/$1/heap_memory_report.log" || fail "$1: its leak is not reported"
}

# Only what a compiler brings: no package can be found, as on a computer that has none of them.
nothing_else=(-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON)
# How the sources arrive is all that differs, so the second builds one program only, with CMake's default generator, and
# in the other kind of build.
for way in add_subdirectory FetchContent; do
  targets=all
  generator=Ninja
  kind=Release
  if [ $way = FetchContent ]; then
    targets=app
    generator='Unix Makefiles'
    kind=Debug
  fi
  if ! { cmake -G "$generator" -S "$SOURCE_DIR/tests/downstream/embedded" -B "build/$way" -DWAY=$way -DARPENT="$PWD/sources" \
    -DTAG=main -DCMAKE_BUILD_TYPE=$kind "${nothing_else[@]}" && cmake --build "build/$way" --parallel 2 --target $targets; } >"$way.log" 2>&1; then
    fail "$way: does not build: $(tail -n 8 "$way.log")"
    continue
  fi
  leaks "$way-heap" "$PWD/build/$way/app" 123
  if [ $targets = all ]; then
    leaks "$way-both" "$PWD/build/$way/both" 321
    "build/$way/allocators" >"$way.output" 2>&1 || fail "$way: the allocators' program ends with $?"
  fi
  if find "build/$way" -name 'arpent' -type f -perm /100 | has .; then fail "$way: builds the command"; fi
done

finish "embedded in both ways, with nothing but a compiler"
