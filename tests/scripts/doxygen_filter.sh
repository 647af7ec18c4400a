#!/usr/bin/env bash
# Tests scripts/doxygen-filter
# scripts/doxygen-filter: which comments of a header become Doxygen's, and how, and that lines keep their numbers.
set -euo pipefail

cat >sample.hpp <<'CPP'
// ar::Sample: an example. For <nobody>.
//
//   Sample sample;   // made
//
#pragma once

namespace ar {

struct Options {
  bool safe = true;  // whether it is @safe
};

// As the file says.
template <Options options = {}>
class Sample {
 public:
  // ----- reading -----

  // What `a < b` says.
  int read() const {
    // not for readers
    return 1;
  }

 private:
  int value_;
};

}  // namespace ar
CPP
cat >expected.hpp <<'CPP'
/** ar::Sample: an example. For \<nobody\>.
 * @code{.cpp}
 * Sample sample;   // made @endcode
 *
 * @file */

namespace ar {

struct Options {
  bool safe = true;  ///< whether it is \@safe
};

/// An example. As the file says.
template <Options options = {}>
class Sample {
 public:
  /** @name Reading */ /** @{ */

  /// What `a < b` says.
  int read() const {
    // not for readers
    return 1;
  }

/** @} */  private:
  int value_;
};

}  // namespace ar
CPP
status=0
diff expected.hpp <("$SOURCE_DIR/scripts/doxygen-filter" sample.hpp | sed 's/ *$//') || status=1

count=0
while read -r header; do
  count=$((count + 1))
  [ "$(wc -l <"$header")" = "$("$SOURCE_DIR/scripts/doxygen-filter" "$header" | wc -l)" ] || {
    echo "FAILED: $header: lines do not keep their numbers"
    status=1
  }
done < <(find "$SOURCE_DIR/include" -name '*.h' -o -name '*.hpp')
[ $count -gt 20 ] || status=1
[ $status -eq 0 ] || exit 1
echo "comments are turned into Doxygen's, in $count headers"
