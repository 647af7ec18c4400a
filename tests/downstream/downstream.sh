#!/usr/bin/env bash
# Tests cmake/
# Projects of users: installs into a temporary folder, moves that, and builds downstream projects against it
# with CMake and with pkg-config, in C and in C++, linked statically, shared and fully statically. Each must
# run, print nothing of its own, and have its one leak reported with description, file, line and size. One that
# takes the allocators alone must keep its own malloc.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"

cmake --install "$BUILD_DIR" --prefix "$PWD/first-place" >install.log
mv first-place 'second place' # nothing installed may depend on where it was put first; nor on a plain name
prefix="$PWD/second place"

for file in bin/arpent lib/libarpent.a lib/libarpent.so lib/libarpent-preload.so include/ar_heap.h \
  lib/libarpent-allocators.a lib/cmake/arpent/arpent-config.cmake lib/pkgconfig/arpent.pc \
  lib/pkgconfig/arpent-static.pc lib/pkgconfig/arpent-allocators.pc share/doc/arpent/LICENSE share/doc/arpent/README.md; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done
if grep -rIl -e "$SOURCE_DIR" -e "$BUILD_DIR" -e first-place "$prefix/lib/cmake" "$prefix/lib/pkgconfig" "$prefix/include"; then
  fail "these installed files name the folder that they were built or first installed in"
fi

# check NAME PROGRAM SOURCE SIZE DESCRIPTION
check() {
  local name=$1 program=$2 source=$3 size=$4 description=$5 line report
  line=$(grep -n 'the leak' "$source" | grep -v 'lost block");$' | cut -d: -f1 | tail -n 1)
  mkdir -p "run/$name"
  report=run/$name/heap_memory_report.log
  if ! (cd "run/$name" && LD_LIBRARY_PATH="$prefix/lib" "$program" >stdout 2>stderr); then
    fail "$name: the program ended with an error: $(tail -n 3 "run/$name/stderr")"
    return
  fi
  [ ! -s "run/$name/stdout" ] || fail "$name: something was printed on standard output: $(head -n 3 "run/$name/stdout")"
  grep -q "^Warning: 1 memory leaks* detected ($size bytes)\. See .*heap_memory_report\.log for details\.$" \
    "run/$name/stderr" || fail "$name: the leak is not announced on standard error: $(cat "run/$name/stderr")"
  if [ ! -s "$report" ]; then
    fail "$name: no report was written"
    return
  fi
  local expected
  for expected in "^Actual memory leaks: 1 ($size bytes)$" '^Leak #1:$' "^ *Size: *$size bytes$" \
    "^ *Allocated at: .*${source##*/}:$line$" "^ *Description: $description$"; do
    grep -q "$expected" "$report" || fail "$name: the report has no line '$expected'"
  done
  if grep -q '^Leak #2' "$report"; then fail "$name: the report has a second leak"; fi
}

check_c() { check "$1" "$2" "$SOURCE_DIR/tests/downstream/c/main.c" 123 'downstream C: the lost block'; }
check_cpp() { check "$1" "$2" "$SOURCE_DIR/tests/downstream/cpp/main.cpp" 321 'downstream C++: the lost block'; }

needs() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
is_linked() { # NAME PROGRAM static|shared
  case $3 in
    shared) needs "$2" | has '^libarpent\.so' || fail "$1: is not linked with libarpent.so" ;;
    static) if needs "$2" | has '^libarpent\.so'; then fail "$1: is linked with libarpent.so"; fi ;;
  esac
}

# CMake: C chooses by component, C++ by BUILD_SHARED_LIBS.
for kind in static shared; do
  shared=OFF
  if [ $kind = shared ]; then shared=ON; fi
  for language in c cpp; do
    name=cmake-$language-$kind
    if cmake -G Ninja -S "$SOURCE_DIR/tests/downstream/$language" -B "build/$name" -DCMAKE_PREFIX_PATH="$prefix" \
      -DKIND=$kind -DSHARED=$shared --log-level=WARNING >"$name.log" 2>&1 &&
      cmake --build "build/$name" >>"$name.log" 2>&1; then
      is_linked "$name" "build/$name/app" $kind
      "check_$language" "$name" "$PWD/build/$name/app"
    else
      fail "$name: does not build: $(tail -n 5 "$name.log")"
    fi
  done
done

# The allocators alone: with both compilers, no malloc of ours is linked, and nothing by hand.
check_allocators() { # NAME PROGRAM
  is_linked "$1" "$2" static
  if nm "$2" | has -E ' [TtW] (malloc|ar_heap__.*)$'; then fail "$1: has a malloc of ours"; fi
  "$2" >"$1.output" 2>&1 || fail "$1: ends with $?"
  [ ! -s "$1.output" ] || fail "$1: prints $(head -n 3 "$1.output")"
}
for compiler in g++ clang++-19; do
  name=cmake-allocators-$compiler
  if cmake -G Ninja -S "$SOURCE_DIR/tests/downstream/allocators" -B "build/$name" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER=$compiler --log-level=WARNING >"$name.log" 2>&1 &&
    cmake --build "build/$name" >>"$name.log" 2>&1; then
    check_allocators "$name" "build/$name/app"
  else
    fail "$name: does not build: $(tail -n 5 "$name.log")"
  fi
done

# Both components at once make no sense and must be said so.
mkdir -p both
cat >both/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(both LANGUAGES C)
find_package(arpent REQUIRED COMPONENTS static shared)
CMAKE
if cmake -G Ninja -S both -B build/both -DCMAKE_PREFIX_PATH="$prefix" >both.log 2>&1; then
  fail "components static and shared together are accepted"
elif ! tr '\n' ' ' <both.log | tr -s ' ' | has 'exclude each other'; then
  fail "components static and shared together: no clear message: $(cat both.log)"
fi

# pkg-config. The prefix has a space in its name, which pkg-config escapes: hence eval.
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
warnings='-DDEBUG -Wall -Wextra -pedantic -Werror -g'
build() { # NAME COMPILER SOURCE FLAGS…
  local name=$1 compiler=$2 source=$3
  shift 3
  mkdir -p build
  eval "$compiler $warnings -o build/$name '$source' $*" 2>"$name.log" || {
    fail "$name: does not build: $(head -n 5 "$name.log")"
    return 1
  }
}
for language in c cpp; do
  if [ $language = c ]; then compiler="$CC -std=c99"; else compiler="$CXX -std=c++17"; fi
  source=$SOURCE_DIR/tests/downstream/$language/main.$language

  name=pkgconfig-$language-shared
  if build $name "$compiler" "$source" "$(pkg-config --cflags --libs arpent)"; then
    is_linked $name build/$name shared
    check_$language $name "$PWD/build/$name"
  fi
  name=pkgconfig-$language-archive
  if build $name "$compiler" "$source" "$(pkg-config --cflags --libs arpent-static)"; then
    is_linked $name build/$name static
    check_$language $name "$PWD/build/$name"
  fi
  name=pkgconfig-$language-fully-static
  if build $name "$compiler -static" "$source" "$(pkg-config --static --cflags --libs arpent)"; then
    [ -z "$(needs build/$name)" ] || fail "$name: needs shared libraries"
    check_$language $name "$PWD/build/$name"
  fi
done
for compiler in g++ clang++-19; do
  name=pkgconfig-allocators-$compiler
  if build $name "$compiler -std=c++23" "$SOURCE_DIR/tests/downstream/allocators/main.cpp" \
    "$(pkg-config --cflags --libs arpent-allocators)"; then
    check_allocators $name build/$name
  fi
done

# The allocators by pkg-config.
printf '%s\n' '#include <arpent/general_purpose_allocator.hpp>' 'int main() {' \
  '  ar::GeneralPurposeAllocator<> general;' \
  '  const auto items = general.allocator().alloc<int>(10, "leaked here");' \
  '  return general.deinit() == ar::Deinit::leak && items ? 0 : 1;' '}' >general.cpp
if build pkgconfig-allocators "$CXX -std=c++23" general.cpp "$(pkg-config --cflags --libs arpent-allocators)"; then
  build/pkgconfig-allocators 2>general.log || fail "pkgconfig-allocators: the leak is not found"
  grep -q 'arpent: leak: 1 block, 40 bytes' general.log && grep -q '"leaked here"' general.log ||
    fail "pkgconfig-allocators: the leak is not told: $(cat general.log)"
fi

# Without DEBUG the macros are the C library's functions: nothing is described, so nothing is reported.
if warnings=${warnings#-DDEBUG} build plain "$CC -std=gnu99" "$SOURCE_DIR/tests/downstream/c/main.c" \
  "$(pkg-config --cflags --libs arpent-static)"; then
  mkdir -p run/plain
  (cd run/plain && ../../build/plain >stdout 2>stderr) || fail "plain: the program ended with an error"
  if [ -s run/plain/stdout ] || [ -s run/plain/stderr ]; then fail "plain: the program prints something"; fi
fi

# The installed command finds the installed preload library beside itself.
mkdir -p run/command
if (cd run/command && "$prefix/bin/arpent" run --report report.txt -- ../../build/plain >stdout 2>stderr); then
  grep -q '123' run/command/report.txt || fail "arpent run from its installed place does not see the leak"
else
  fail "arpent run from its installed place: $(head -n 3 run/command/stderr)"
fi

finish "all downstream projects build, run and are reported"
