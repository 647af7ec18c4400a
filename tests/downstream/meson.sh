#!/usr/bin/env bash
# Tests meson.build packaging/meson tests/downstream/meson
# A project with Meson finds an installed Arpent by pkg-config: its program is surveyed and its leak is named. With the wrap
# it takes a clone as a subproject; here that is configured, and ./dev package-test builds it.
set -euo pipefail
. "$SOURCE_DIR/tests/harness/checks.sh"

# The tree as it is here, changes that are not committed included, as a repository of its own.
mkdir sources
for entry in CMakeLists.txt meson.build packaging LICENSE README.md CHANGELOG.md cmake src include zig; do
  cp -r "$SOURCE_DIR/$entry" sources
done
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q -b main sources
git -C sources add -A
git -C sources commit -qm 'the sources'

project() { # NAME: a copy of the user's project, which Meson puts subprojects into
  mkdir -p "$1"
  cp -r "$SOURCE_DIR/tests/downstream/meson" "$SOURCE_DIR/tests/downstream/c" "$SOURCE_DIR/tests/downstream/allocators" "$1"
}
check() { # NAME: the programs of NAME/meson/build
  local line
  line=$(grep -n 'the leak' "$SOURCE_DIR/tests/downstream/c/main.c" | cut -d: -f1)
  mkdir -p "run/$1"
  if (cd "run/$1" && "$ARPENT_BIN" run --report report.txt -- "$OLDPWD/$1/meson/build/app" >output 2>&1); then
    has "123 B .*main\.c:$line .*downstream C: the lost block" <"run/$1/report.txt" ||
      fail "$1: the leak is not named: $(cat "run/$1/report.txt")"
  else
    fail "$1: arpent run: $(tail -n 3 "run/$1/output")"
  fi
  "$1/meson/build/allocators" || fail "$1: the allocators' program ends with $?"
}

project wrap
mkdir wrap/meson/subprojects
sed "s|REPOSITORY|file://$PWD/sources|; s|v0\.1\.0|main|" "$SOURCE_DIR/packaging/meson/arpent.wrap" \
  >wrap/meson/subprojects/arpent.wrap
if ! meson setup wrap/meson/build wrap/meson >wrap.log 2>&1; then
  fail "wrap: meson setup: $(tail -n 20 wrap.log)"
fi
for name in arpent-static arpent-allocators; do
  has "^Dependency $name found: YES .*(overridden)" <wrap.log || fail "wrap: $name is not the subproject's: $(cat wrap.log)"
done

cmake --install "$BUILD_DIR" --prefix "$PWD/installed" >install.log
project installed-by-pkg-config
if ! { PKG_CONFIG_PATH="$PWD/installed/lib/pkgconfig" meson setup --wrap-mode=nofallback installed-by-pkg-config/meson/build \
  installed-by-pkg-config/meson && ninja -C installed-by-pkg-config/meson/build; } >pkg-config.log 2>&1; then
  fail "pkg-config: does not build: $(tail -n 20 pkg-config.log)"
else
  check installed-by-pkg-config
fi
[ "$(sed -n "s/.*version: '\([0-9.]*\)', license.*/\1/p" "$SOURCE_DIR/meson.build")" = \
  "$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' "$SOURCE_DIR/CMakeLists.txt")" ] || fail "meson.build and CMakeLists.txt differ in the version"

finish "Meson finds the wrap's clone and what is installed"
