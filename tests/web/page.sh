#!/usr/bin/env bash
# Tests web/
# The committed page is what its sources build to, and it works in Chromium in every view.
set -eu

cp -R "$SOURCE_DIR/web/." page
cd page
rm -rf node_modules
npm ci --no-audit --no-fund >npm.log 2>&1 || {
  tail -n 5 npm.log
  exit 1
}
ARPENT_PAGE_DIRECTORY=rebuilt npx vite build >build.log 2>&1 || {
  tail -n 5 build.log
  exit 1
}
cmp rebuilt/page.html "$SOURCE_DIR/web/built/page.html" || {
  echo "web/built/page.html is not what web/source builds to: run 'npm run build' in web and commit it"
  exit 1
}
node tests/drive.mjs rebuilt/page.html
