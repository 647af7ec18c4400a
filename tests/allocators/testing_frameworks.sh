#!/usr/bin/env bash
# Tests include/arpent/testing/
# <arpent/testing/gtest.hpp> and <arpent/testing/catch2.hpp> as users have them: exactly the tests that leak or free
# wrongly fail, at the place where the block was allocated, and no others.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"
options=(-std=c++23 -g -Wall -Wextra -Wpedantic -I"$SOURCE_DIR/include")

cat >common.hpp <<'CPP'
#pragma once
#include <arpent/testing.hpp>
inline void keeps() { (void)ar::testing::allocator().alloc<int>(3, "kept"); }  // the leak
inline void returns() { ar::testing::allocator().free(ar::testing::allocator().alloc<int>(3).value()); }
inline void frees_twice() {
  const auto items = ar::testing::allocator().alloc<int>(3).value();
  ar::testing::allocator().free(items);
  ar::testing::allocator().free(items);
}
CPP
leak_line=$(grep -n 'the leak' common.hpp | cut -d: -f1)

cat >with_gtest.cpp <<'CPP'
#include <arpent/testing/gtest.hpp>
#include "common.hpp"
TEST(First, Returns) { returns(); }
TEST(First, Keeps) { keeps(); }
TEST(First, ReturnsAgain) { returns(); }
TEST(First, FreesTwice) { frees_twice(); }
struct Shared : ::testing::Test {
  static void SetUpTestSuite() { shared = ar::testing::allocator().create<int>("shared").value(); }
  static void TearDownTestSuite() { ar::testing::allocator().destroy(shared); }
  static inline int* shared;
};
TEST_F(Shared, ByTests) { *shared = 1; }
TEST_F(Shared, ByMoreTests) { returns(); }
struct Forgotten : ::testing::Test {
  static void SetUpTestSuite() { (void)ar::testing::allocator().create<int>("forgotten"); }
};
TEST_F(Forgotten, ByItsSuite) {}
CPP
echo '#include <arpent/testing/gtest.hpp>' >second.cpp # a second file that includes it installs no second listener
"$CXX" "${options[@]}" with_gtest.cpp second.cpp -o with_gtest -lgtest -lgtest_main -pthread

status=0
./with_gtest >gtest.out 2>&1 || status=$?
[ $status -eq 1 ] || fail "the program that leaks ends with $status, not 1"
for name in First.Keeps First.FreesTwice; do
  grep -q "^\[  FAILED  \] $name" gtest.out || fail "$name passes"
done
for name in First.Returns First.ReturnsAgain Shared.ByTests Shared.ByMoreTests Forgotten.ByItsSuite; do
  grep -q "^\[       OK \] $name" gtest.out || fail "$name does not pass"
done
grep -q "common.hpp:$leak_line: Failure" gtest.out || fail "GoogleTest is not told where the leak was allocated"
[ "$(grep -c 'a leak of 12 bytes: kept, allocated at ' gtest.out)" -eq 1 ] || fail "the leak is not told once"
grep -q 'a block that is not alive in this allocator is freed at ' gtest.out || fail "the second free is not told"
grep -q 'a leak of 4 bytes: forgotten' gtest.out || fail "what a suite forgets is not told"
./with_gtest --gtest_filter='First.Ret*:Shared.*' >gtest.out 2>&1 || fail "a program without leaks fails"
status=0
./with_gtest --gtest_filter='Forgotten.*' >gtest.out 2>&1 || status=$?
[ $status -eq 1 ] || fail "a suite that leaks ends the program with $status, not 1"

cat >with_catch2.cpp <<'CPP'
#define CATCH_CONFIG_MAIN
#include <arpent/testing/catch2.hpp>
#include "common.hpp"
using ar::testing::NoLeaks;
TEST_CASE_METHOD(NoLeaks, "returns") { returns(); }
TEST_CASE_METHOD(NoLeaks, "keeps") { keeps(); }
TEST_CASE_METHOD(NoLeaks, "returns again") { returns(); }
TEST_CASE_METHOD(NoLeaks, "frees twice") { frees_twice(); }
TEST_CASE("sections") {
  AR_NO_LEAKS();
  SECTION("good") { returns(); }
  SECTION("bad") { keeps(); }
}
CPP
libraries=()
if [ -e /usr/include/catch2/catch_test_macros.hpp ]; then libraries=(-lCatch2Main -lCatch2); fi
"$CXX" "${options[@]}" -Wno-variadic-macros with_catch2.cpp -o with_catch2 "${libraries[@]}"

for name in returns 'returns again'; do
  ./with_catch2 "$name" >catch.out 2>&1 || fail "Catch2: '$name' fails"
done
./with_catch2 sections -c good >catch.out 2>&1 || fail "Catch2: the section that returns fails"
for name in keeps 'frees twice' sections; do
  if ./with_catch2 "$name" >catch.out 2>&1; then fail "Catch2: '$name' passes"; fi
done
./with_catch2 keeps >catch.out 2>&1 || true
tr -s ' \n' ' ' <catch.out | has "a leak of 12 bytes: kept, allocated at \(\./\)\?common.hpp:$leak_line" ||
  fail "Catch2 is not told where the leak was allocated"
./with_catch2 >catch.out 2>&1 || true
grep -qE 'test cases: *5 \| *2 passed \| *3 failed' catch.out || fail "Catch2: $(tail -n 3 catch.out)"

finish "GoogleTest and Catch2 fail exactly the tests that leak"
