#!/usr/bin/env bash
# Tests include/arpent/
# What makes no sense in <arpent/heap.hpp> and in the allocators does not compile, and says why in one line: exactly
# one error, with the words that are expected, from both compilers; for heap.hpp, tracked and untracked. What makes
# sense beside it compiles.
# ctest: COST=127
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"
fail_with_messages() { # WHAT…
  fail "$*"
  sed 's/^/    /' messages | head -n 12
}
tried=0

# misuse CODE MESSAGE, or sound CODE: CODE stands in a function.
misuse() {
  tried=$((tried + 1))
  compile "$1"
  check "$1" "$2"
}
sound() {
  tried=$((tried + 1))
  compile "$1"
  check "$1" ''
}

# What all have in common is compiled ahead, once for each compiler and configuration.
prepare() { # STANDARD CONFIGURATION…; the header on standard input
  options=("-std=$1" -Wall -Wextra -Wpedantic -fno-diagnostics-color -I"$SOURCE_DIR/include")
  shift
  configurations=("$@")
  cat >common.hpp
  for configuration in "${configurations[@]}"; do
    mkdir -p gcc$configuration.gch clang
    g++ "${options[@]}" $configuration -x c++-header common.hpp -o gcc$configuration.gch/common
    clang++-19 "${options[@]}" $configuration -x c++-header common.hpp -o clang/$configuration.pch
  done
}

prepare c++20 -DDEBUG -UDEBUG <<'CPP'
#include <arpent/heap.hpp>
#include <memory>
#include <optional>
#include <string>
struct Plain { int x; };
struct Owner { ~Owner(); std::string text; };
struct Initialised { int x = 3; };
struct Abstract { virtual ~Abstract() = default; virtual void act() = 0; };
struct Hidden { private: ~Hidden(); };
struct Declared;
extern Declared* declared;
int function(int);
CPP

# The compiler's options to look at code.cpp with it.
with_common() { # COMPILER CONFIGURATION
  if [ "$1" = g++ ]; then echo "-Winvalid-pch -include gcc$2"; else echo "-include-pch clang/$2.pch"; fi
}

compile() { printf 'void use() {\n  %s\n}\n' "$1" >code.cpp; }

check() {
  local compiler configuration status count
  for compiler in g++ clang++-19; do
    for configuration in "${configurations[@]}"; do
      status=0
      # shellcheck disable=SC2046 # a list of options
      "$compiler" "${options[@]}" $configuration -fsyntax-only $(with_common "$compiler" $configuration) \
        code.cpp >messages 2>&1 || status=$?
      if [ -z "$2" ]; then
        [ $status -eq 0 ] && [ ! -s messages ] || fail_with_messages "$compiler $configuration refuses or warns: $1"
        continue
      fi
      count=$(grep -c 'error:' messages || true)
      if [ $status -eq 0 ]; then
        fail_with_messages "$compiler $configuration accepts: $1"
      elif [ "$count" -ne 1 ]; then
        fail_with_messages "$compiler $configuration gives $count errors, not one: $1"
      elif ! grep 'error:' messages | has -F -e "$2"; then
        fail_with_messages "$compiler $configuration does not say '$2': $1"
      fi
    done
  done
}

sound 'ar::destroy(ar::create<Owner>("x"));'
sound 'ar::free(ar::create<Plain>("x", 1)); ar::free(ar::alloc<Plain>(1, std::string("x")));'
sound 'ar::free(ar::dupe(std::optional<std::string>{}, nullptr));'
sound 'ar::free(ar::realloc<int>(nullptr, 1, "x"));'

misuse 'ar::free(42);' 'ar::free: this is no pointer to a block; it takes a pointer, null, or an optional pointer'
misuse 'int items[3] = {}; ar::free(items);' 'ar::free: this is no pointer to a block'
misuse 'ar::free(std::make_unique<int>(1));' 'ar::free: this is no pointer to a block'
misuse 'ar::free(std::string("text"));' 'ar::free: this is no pointer to a block'
misuse 'ar::free(&function);' 'ar::free: this is no pointer to a block'
misuse 'ar::free(std::optional<int>{3});' 'ar::free: this is no pointer to a block'
misuse 'ar::free(ar::create<Owner>("x"));' 'ar::free: the type pointed to has a destructor, which would not run; use ar::destroy'
misuse 'const Owner* owner = nullptr; ar::free(std::optional{owner});' 'use ar::destroy'
misuse 'ar::free(declared);' 'ar::free: the type pointed to is only declared here'

misuse '(void)ar::create<void>("x");' 'ar::create<void>: void is no type of objects; say what is to be created'
misuse '(void)ar::create<int[]>("x");' 'ar::create<T[]>: an array is made by ar::alloc<T>(count, description)'
misuse '(void)ar::create<int[3]>("x");' 'ar::create<T[]>: an array is made by ar::alloc<T>(count, description)'
misuse '(void)ar::create<int&>("x");' 'ar::create<T>: T is no type of objects, but a reference or a function'
misuse '(void)ar::create<int(int)>("x");' 'ar::create<T>: T is no type of objects, but a reference or a function'
misuse '(void)ar::create<Abstract>("x");' 'ar::create<T>: T is abstract'
misuse '(void)ar::create<Plain>("x", "text");' 'T cannot be constructed from these arguments'
misuse '(void)ar::create<Plain>(7);' 'a description is a NUL-terminated string: a const char* or a std::string'
misuse '(void)ar::create<Plain>(std::string_view("x"));' 'a description is a NUL-terminated string'

misuse '(void)ar::alloc<Owner>(1, "x");' 'T is not trivial'
misuse '(void)ar::alloc<Initialised>(1, "x");' 'T is not trivial'
misuse '(void)ar::alloc<std::string>(1, "x");' 'use ar::create<T>, or a container'
misuse '(void)ar::alloc<const int>(1, "x");' 'T is not trivial'
misuse '(void)ar::alloc<void>(1, "x");' 'T is the type of one item; void, arrays, references and functions are none'
misuse '(void)ar::alloc<int[2]>(1, "x");' 'T is the type of one item'
misuse 'Owner* owners = nullptr; (void)ar::realloc(owners, 1, "x");' 'T is not trivial'
misuse 'void* untyped = nullptr; (void)ar::realloc(untyped, 1, "x");' 'T is the type of one item'

misuse '(void)ar::dupe(3, "x");' 'dupe: this is no string; it takes a const char*, an array of char, a std::string_view'
misuse '(void)ar::dupe(L"wide", "x");' 'dupe: this is no string'
misuse '(void)ar::dupe(std::optional<int>{3}, "x");' 'dupe: this is no string'

misuse 'ar::destroy(42);' 'ar::destroy: this is no pointer to an object; it takes what ar::create returned, or null'
misuse 'void* untyped = nullptr; ar::destroy(untyped);' 'ar::destroy: this is no pointer to an object'
misuse 'ar::destroy(declared);' 'ar::destroy: the type pointed to is only declared here'
misuse 'Hidden* hidden = nullptr; ar::destroy(hidden);' 'ar::destroy: the destructor is deleted or not accessible'

# The allocators, which are the same in both configurations.
prepare c++23 -UDEBUG <<'CPP'
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/defer.hpp>
#include <arpent/memory_pool.hpp>
#include <arpent/owned.hpp>
#include <arpent/stack_fallback_allocator.hpp>
#include <arpent/std_allocator.hpp>
#include <arpent/testing.hpp>
#include <string>
#include <vector>
struct Plain { int x; };
struct Owner { ~Owner(); std::string text; };
struct NoDefault { explicit NoDefault(int); };
struct Abstract { virtual ~Abstract() = default; virtual void act() = 0; };
struct Hidden { private: ~Hidden(); };
struct Unique { Unique() = default; Unique(const Unique&) = delete; Unique& operator=(const Unique&) = delete; };
struct Declared;
extern Declared* declared;
inline constexpr ar::Allocator a = ar::c_allocator;
CPP

sound 'a.destroy(a.create<Owner>().value()); a.destroy(a.create<NoDefault>("x", 3).value());'
sound 'a.free(a.alloc<Owner>(3).value()); a.free(a.alloc_zeroed<Plain>(3, "x").value(), "x");'
sound 'a.free(a.realloc(a.aligned_alloc<int>(ar::Alignment{64}, 3).value(), ar::Alignment{64}, 5).value(), ar::Alignment{64});'
sound 'a.free(a.dupe(std::vector<Owner>(3)).value()); a.free(a.dupe_z("x").value());'
sound 'std::vector<int, ar::StdAllocator<int>> items{a}; ar::MemoryPool<NoDefault> pool{a}; (void)pool.create("x", 1);'

misuse '(void)a.create<void>();' 'Allocator::create<T>: T is the type of one object'
misuse '(void)a.create<int[3]>();' 'an array is made by alloc<T>(count, description)'
misuse '(void)a.create<int&>();' 'Allocator::create<T>: T is the type of one object'
misuse '(void)a.create<Abstract>();' 'Allocator::create<T>: T is abstract'
misuse '(void)a.create<Plain>("x", "text");' 'T cannot be constructed from these arguments'
misuse '(void)a.create<NoDefault>();' 'T cannot be constructed from these arguments'
misuse '(void)a.create<Plain>(std::string_view("x"));' 'a description is a NUL-terminated string'

misuse '(void)a.alloc<NoDefault>(3);' 'T has no default constructor or no destructor to call; use create<T>'
misuse '(void)a.alloc<Hidden>(3);' 'T has no default constructor or no destructor to call'
misuse '(void)a.alloc<void>(3);' 'Allocator::alloc<T>: T is the type of one item, not const'
misuse '(void)a.alloc<const int>(3);' 'Allocator::alloc<T>: T is the type of one item, not const'
misuse '(void)a.aligned_alloc<int[2]>(ar::Alignment{64}, 3);' 'Allocator::alloc<T>: T is the type of one item, not const'
misuse '(void)a.alloc_zeroed<Owner>(3);' 'must be trivial, and T is not'
misuse '(void)a.alloc_zeroed<void>(3);' 'Allocator: T is the type of one item'
misuse '(void)a.alloc_sentinel<std::string>(3, "");' 'must be trivial, and T is not'

misuse '(void)a.realloc(a.alloc<Owner>(3).value(), 5);' 'must be trivial, and T is not'
misuse '(void)a.resize(a.alloc<Owner>(3).value(), 5);' 'use alloc<T>, or a container with ar::StdAllocator<T>'
misuse '(void)a.remap(a.create<Plain>().value(), 5);' 'this is no std::span<T> as alloc returned it'
misuse '(void)a.realloc(a.dupe_z("x").value(), 5);' 'this is no std::span<T> as alloc returned it'

misuse 'a.free(a.create<Plain>().value());' 'Allocator::free: this is no span as alloc or dupe_z returned it'
misuse 'a.free(42);' 'Allocator::free: this is no span'
misuse 'a.free(std::vector<int>(3));' 'Allocator::free: this is no span'
misuse 'a.destroy(a.alloc<Plain>(3).value());' 'Allocator::destroy: this is no pointer to an object'
misuse 'a.destroy(a.alloc<Plain>(3).value().data() == nullptr);' 'what alloc returned goes to free'
misuse 'a.destroy(declared);' 'Allocator::destroy: the type pointed to is only declared here'
misuse 'Hidden* hidden = nullptr; a.destroy(hidden);' 'Allocator::destroy: the destructor is deleted or not accessible'

misuse '(void)a.dupe("text");' 'it is not known whether its NUL is to be copied; use dupe_z'
misuse '(void)a.dupe(std::vector<Unique>(3));' 'Allocator::dupe: the items cannot be copied'
misuse '(void)a.dupe_z(3);' 'dupe: this is no string'

misuse 'ar::MemoryPool<const int> pool{a};' 'MemoryPool<T>: T is the type of one object, not const'
misuse 'ar::MemoryPool<Plain> pool{a}; (void)pool.create("x", "text");' 'MemoryPool::create(description, arguments…): T cannot be constructed'
misuse 'ar::StackFallbackAllocator<0> stack{a};' 'StackFallbackAllocator<0> is its fallback; use that'
misuse '(void)ar::testing::check_all_allocation_failures([](ar::Allocator) { return std::string(); });' 'the function returns a std::expected, or a bool'

for header in "$SOURCE_DIR"/include/arpent/*.hpp "$SOURCE_DIR"/include/arpent/detail/*.hpp; do
  # Each header stands alone, and says nothing.
  echo "#include \"$header\"" >alone.cpp
  for compiler in g++ clang++-19; do
    "$compiler" -std=c++23 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -fsyntax-only alone.cpp >messages 2>&1 || true
    [ ! -s messages ] || fail_with_messages "$compiler: $header does not stand alone"
  done
done
for standard in c++20 c++17; do
  echo '#include <arpent/allocator.hpp>' >old.cpp
  if "$CXX" -std=$standard -I"$SOURCE_DIR/include" -fsyntax-only old.cpp 2>messages; then
    fail_with_messages "$standard is accepted by allocator.hpp"
  elif ! grep -q 'error: .*<arpent/allocator.hpp> needs C++23 (-std=c++23)' messages; then
    fail_with_messages "$standard is not told what allocator.hpp needs"
  fi
done

# An older C++ and C are told so, whatever else they then say.
for language in c++ c; do
  echo '#include <arpent/heap.hpp>' >old.$language
  standard=c++17
  if [ $language = c ]; then standard=c11; fi
  if "$CXX" -x $language -std=$standard -I"$SOURCE_DIR/include" -fsyntax-only old.$language 2>messages; then
    fail_with_messages "$standard is accepted"
  elif ! grep -q 'error: .*<arpent/heap.hpp> needs C++20 (-std=c++20); C has ar_heap.h' messages; then
    fail_with_messages "$standard is not told what is needed"
  fi
done

finish "$tried pieces of code judged alike by both compilers"
