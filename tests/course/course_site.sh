#!/usr/bin/env bash
# Tests course/site/
# ctest: COST=15
# The course's site is complete and works in Chromium without a network; a link that leads nowhere is told.
set -eu

"$SOURCE_DIR/scripts/course-site" site
cp "$SOURCE_DIR/web/package.json" "$SOURCE_DIR/web/package-lock.json" .
npm ci --no-audit --no-fund >npm.log 2>&1 || {
  tail -n 5 npm.log
  exit 1
}
node "$SOURCE_DIR/course/site/test.mjs" site

mkdir broken broken/scripts
cp -R "$SOURCE_DIR/course" broken/course
cp "$SOURCE_DIR/scripts/course-site" broken/scripts
ln -s "$SOURCE_DIR/docs" broken/docs
rm broken/course/lessons/3.2-pointers.svg
status=0
broken/scripts/course-site nowhere 2>errors || status=$?
[ $status -eq 1 ] && grep -q 'refers to 3.2-pointers.svg, which is not there' errors || {
  echo "a missing picture is not told: status $status"
  cat errors
  exit 1
}
