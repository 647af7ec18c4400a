#!/usr/bin/env bash
# Tests zig/build.zig
# ctest: COST=43
# Zig projects of users: an installed Arpent is depended on by path and by `zig fetch`, and so is this repository's zig/.
# Each builds with `zig build`, runs, and has its leaks reported with file, line and description.
set -euo pipefail

zig=$("$SOURCE_DIR/scripts/install-zig")
. "$SOURCE_DIR/tests/harness/checks.sh"

cmake --install "$BUILD_DIR" --prefix "$PWD/first-place" >install.log
mkdir 'a place' # nothing installed may depend on where it was put first; nor on a plain name
mv first-place 'a place/installed'
prefix="$PWD/a place/installed"
for file in build.zig build.zig.zon ar_allocator.zig README.md; do
  [ -s "$prefix/share/arpent/zig/$file" ] || fail "share/arpent/zig/$file is not installed"
done
if grep -rIl -e "$SOURCE_DIR" -e "$BUILD_DIR" -e first-place "$prefix/share/arpent/zig"; then
  fail "these installed files name the folder that they were built or first installed in"
fi

# Neither an Arpent of this computer's nor what was fetched before is to help; what Zig compiles of its own may.
mkdir cache
for part in b h o tmp z; do
  mkdir -p "$BUILD_DIR/zig-cache/$part"
  ln -s "$BUILD_DIR/zig-cache/$part" cache
done
export ZIG_GLOBAL_CACHE_DIR=$PWD/cache PKG_CONFIG_LIBDIR=$PWD/none
unset PKG_CONFIG_PATH ARPENT_SYMBOLIZER
line_of() { grep -n "site: $1\$" "$SOURCE_DIR/tests/downstream/zig/main.zig" | cut -d: -f1; }

project() { # NAME: a copy of the downstream project beside the installed Arpent
  cp -r "$SOURCE_DIR/tests/downstream/zig" "a place/$1"
}

built() { # NAME FLAGS…
  local name=$1
  shift
  (cd "a place/$name" && "$zig" build "$@") >"$name.log" 2>&1 || {
    fail "$name ($*): does not build: $(head -n 8 "$name.log")"
    return 1
  }
}

reported() { # NAME: runs it and looks at its report
  local name=$1 folder="$PWD/a place/$1" mark
  rm -f "$folder/heap_memory_report.log"
  (cd "$folder" && PATH="$prefix/bin:$PATH" zig-out/bin/app) >out 2>err || fail "$name: ended with $?: $(cat err)"
  [ ! -s out ] || fail "$name: prints $(cat out)"
  if ! grep -q '^Warning: 2 memory leaks detected' err || [ ! -s "$folder/heap_memory_report.log" ]; then
    fail "$name: the leaks are not announced: $(cat err)"
    return
  fi
  for mark in block list; do
    grep -B 1 "^  Description: downstream Zig: the lost $mark\$" "$folder/heap_memory_report.log" |
      grep -qF "  Allocated at: $folder/main.zig:$(line_of "the lost $mark")" ||
      fail "$name: the lost $mark has not its place: $(cat "$folder/heap_memory_report.log")"
  done
}

needs_library() { readelf -dW "$1" | has 'NEEDED.*libarpent\.so'; }

# By path, statically and shared.
project by_path
if built by_path; then
  reported by_path
  if needs_library 'a place/by_path/zig-out/bin/app'; then fail "by_path: is linked with libarpent.so"; fi
fi
if built by_path -Dshared=true; then
  reported by_path
  needs_library 'a place/by_path/zig-out/bin/app' || fail "by_path: is not linked with libarpent.so"
fi
# Optimised it is untracked unless the project asks, and then silent.
if built by_path -Doptimize=ReleaseFast; then
  (cd 'a place/by_path' && rm -f heap_memory_report.log && zig-out/bin/app) >out 2>&1 || fail "by_path: untracked: $?"
  if [ -s out ] || [ -e 'a place/by_path/heap_memory_report.log' ]; then fail "by_path: untracked, it reports"; fi
fi

# Fetched: the package is copied away from the library, which pkg-config knows.
project fetched
sed -i '/\.arpent = /d' 'a place/fetched/build.zig.zon'
(cd 'a place/fetched' && "$zig" fetch --save=arpent "$prefix/share/arpent/zig") >fetched.log 2>&1 ||
  fail "zig fetch: $(head -n 5 fetched.log)"
for shared in false true; do
  if PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig" built fetched -Dshared=$shared; then reported fetched; fi
done

# This source tree's own folder.
project in_tree
sed -i "s|\.path = \"[^\"]*\"|.path = \"$(realpath --relative-to='a place/in_tree' "$SOURCE_DIR/zig")\"|" \
  'a place/in_tree/build.zig.zon'
if built in_tree; then reported in_tree; fi

finish "Zig projects build, run and are reported"
