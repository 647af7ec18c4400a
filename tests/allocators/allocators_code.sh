#!/usr/bin/env bash
# Tests include/arpent/allocator.hpp
# Where the compiler sees which allocator it is, a call through ar::Allocator is the allocator's own code: read from
# the machine code that both compilers make. No call goes through a pointer, descriptions that an allocator does not
# read are not in the program, and a small block of a fixed buffer or an arena is a handful of instructions.
set -euo pipefail

cat >code.cpp <<'CPP'
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/memory_pool.hpp>
struct Point {
  int x, y;
};
extern "C" {
Point* arena_point(ar::ArenaAllocator& arena) { return arena.allocator().create<Point>("point", 1, 2).value_or(nullptr); }
int* arena_ints(ar::ArenaAllocator& arena) { return arena.allocator().alloc<int>(4, "ints").value_or(std::span<int>{}).data(); }
int* fixed_ints(ar::FixedBufferAllocator& fixed) { return fixed.allocator().alloc<int>(4, "ints").value_or(std::span<int>{}).data(); }
Point* c_point() { return ar::c_allocator.create<Point>("c point", 1, 2).value_or(nullptr); }
void c_destroy(Point* point) { ar::c_allocator.destroy(point); }
Point* pool_point(ar::MemoryPool<Point>& pool) { return pool.create("point", 1, 2).value_or(nullptr); }
int* unknown_ints(ar::Allocator allocator) { return allocator.alloc<int>(4, "ints").value_or(std::span<int>{}).data(); }
}
CPP

. "$SOURCE_DIR/tests/harness/checks.sh"
body() { # FUNCTION: its instructions with relocations
  objdump -dr --no-addresses --no-show-raw-insn code.o |
    awk -v name="<$1>:" '$1 == name { p = 1; next } /^$/ { p = 0 } p'
}
is_indirect() { # FUNCTION: whether it calls through a pointer
  body "$1" | has -E '(call|jmp)q? +\*|blr? +x'
}
fast_path() { # FUNCTION: instructions up to its first return
  body "$1" | grep -vE 'R_[A-Z0-9_]+[ \t]|nop|xchg +%ax,%ax' | sed '/ret/q' | wc -l
}
calls() { # FUNCTION: what it calls or ends in a jump to
  body "$1" | sed -n 's/.*R_[A-Z0-9_]*\(PLT32\|CALL26\|JUMP26\)[ \t]*\([A-Za-z_][A-Za-z0-9_]*\).*/\2/p' | sort -u | tr '\n' ' '
}

for compiler in g++ clang++-19; do
  "$compiler" -std=c++23 -O2 -fcf-protection=none -fno-asynchronous-unwind-tables -I"$SOURCE_DIR/include" -c code.cpp -o code.o
  for function in arena_point arena_ints fixed_ints c_point c_destroy pool_point; do
    if is_indirect $function; then fail "$compiler: $function calls through a pointer"; fi
  done
  is_indirect unknown_ints || fail "$compiler: a call through a pointer is not seen" # this test can fail
  [ "$(calls c_point)" = 'malloc ' ] || fail "$compiler: c_point calls $(calls c_point)"
  [ "$(calls c_destroy)" = 'free ' ] || fail "$compiler: c_destroy calls $(calls c_destroy)"
  # Beyond the limit it may call its own cold part.
  others=$(calls fixed_ints | sed 's/_ZN2ar20FixedBufferAllocator18alloc_beyond_limit[^ ]* //')
  [ -z "$others" ] || fail "$compiler: fixed_ints calls $others"
  if strings -a code.o | has -x 'c point'; then fail "$compiler: a description that nobody reads is in the object"; fi
  strings -a code.o | has -x 'ints' || fail "$compiler: descriptions are not found" # this test can fail
  for function in arena_ints fixed_ints; do
    count=$(fast_path $function)
    [ "$count" -le 16 ] || fail "$compiler: $function takes $count instructions"
  done
  echo "$compiler: $(for f in arena_ints fixed_ints c_point pool_point unknown_ints; do printf '%s %s  ' $f "$(fast_path $f)"; done)"
done

finish "allocators whose type is visible are called directly"
