#!/usr/bin/env bash
# Tests cmake/ArpentLibraries.cmake
# What runs in users' processes depends on the C library only, shows only its public symbols, and takes at most
# 64 bytes of thread-local storage, so that plain C programs link it and a late dlopen works. Each check is first
# seen to fail on a library that was built to break it.
set -euo pipefail

most_tls=64
archive=$ARPENT_LIB/libarpent.a
public='^(prctl|syscall|malloc|calloc|realloc|reallocarray|free|cfree|posix_memalign|aligned_alloc|memalign|valloc|pvalloc|malloc_usable_size|malloc_trim|malloc_stats|malloc_info|mallinfo2?|mallopt|_exit|_Exit|dlclose|mlockall|munlockall|dlm?open|exec[a-z]+|fexecve|posix_spawnp?|__libc_[a-z]+|_Zn[wa].*|_Zd[la].*|ar_heap__.*|ar_profile__.*|arpent__.*)$'

for file in "$archive" "$ARPENT_LIB/libarpent.so" "$ARPENT_PRELOAD"; do
  [ -s "$file" ] || {
    echo "FAILED: $file is not there"
    exit 1
  }
done

# Every symbol that the C library defines, in its shared and its always static part, and what the compiler adds
# to every program, in C too.
libc=$("$CC" -print-file-name=libc.so.6)
loader=$("$CC" -print-file-name="$(readelf -lW "$(command -v bash)" | sed -n 's/.*interpreter: .*\/\(.*\)\]/\1/p')")
always_static="$("$CC" -print-file-name=libc_nonshared.a) $("$CC" -print-libgcc-file-name)"
# shellcheck disable=SC2086 # two files
{
  nm -D --defined-only "$libc" "$loader"
  nm --quiet --defined-only --extern-only $always_static
} | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u >libc.symbols
grep -qx malloc libc.symbols || {
  echo "cannot read the C library's symbols from $libc"
  exit 1
}

# Each prints what is wrong, or nothing.
needed() {
  readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.so\.6|ld-linux.*\.so\.[0-9]+)$' | sed "s|^|needs |" || true
}
undefined() { # strong undefined symbols that neither the C library nor the linker defines
  nm "${@:2}" --undefined-only "$1" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u |
    comm -23 - libc.symbols | grep -vxE '_GLOBAL_OFFSET_TABLE_|_DYNAMIC|__ehdr_start|__dso_handle|_end|__TMC_END__' |
    sed 's/^/undefined: /' || true
}
exported() {
  nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | grep -vE "$public" |
    sed 's/^/exported: /' || true
}
too_much() { # BYTES
  if [ "$1" -gt $most_tls ]; then echo "thread-local bytes: $1"; fi
}
thread_local() {
  too_much $(($(readelf -lW "$1" | awk '$1 == "TLS" { print $6 }') + 0))
}
archive_thread_local() {
  local total=0 size
  for size in $(readelf -SW "$1" | sed -n 's/.* \.t\(data\|bss\)[^ ]* *[A-Z]* *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\) .*/\2/p'); do
    total=$((total + 0x$size))
  done
  too_much $total
}
dynamic_model() {
  nm -D --undefined-only "$1" | sed -n 's/.*\(__tls_get_addr\).*/thread-local storage goes through \1/p'
}
flags() {
  local wanted
  for wanted in NOW NODELETE; do
    readelf -dW "$1" | has "FLAGS.*\<$wanted\>" || echo "not linked with -z ${wanted,,}"
  done
  if readelf -dW "$1" | has TEXTREL; then echo "has text relocations"; fi
  if readelf -lW "$1" | has 'GNU_STACK.*RWE'; then echo "wants an executable stack"; fi
}

# A library that breaks every rule.
cat >bad.cpp <<'CPP'
#include <iostream>
#include <string>
thread_local char far_too_much[4096];
extern "C" char* spoil(int i) {
  std::cout << std::string(static_cast<unsigned>(i), 'x');
  return far_too_much + i;
}
CPP
"$CXX" -std=c++17 -O1 -fPIC -shared -Wl,-z,lazy -Wl,-z,execstack -o libbad.so bad.cpp
"$CXX" -std=c++17 -O1 -fPIC -c -o bad.o bad.cpp
. "$SOURCE_DIR/tests/harness/checks.sh"
sees() {
  [ -n "$("$@")" ] || {
    fail "'$1' finds nothing wrong with a library that is wrong"
  }
}
for rule in needed exported thread_local dynamic_model flags; do sees $rule libbad.so; done
sees undefined libbad.so -D
sees undefined bad.o
sees archive_thread_local bad.o

holds() {
  local findings
  findings=$("$@")
  [ -z "$findings" ] || {
    fail "$2: ${findings//$'\n'/$'\n'  }"
  }
}
for library in "$ARPENT_LIB/libarpent.so" "$ARPENT_PRELOAD"; do
  for rule in needed exported thread_local dynamic_model flags; do holds $rule "$library"; done
  holds undefined "$library" -D
done
holds undefined "$archive"
holds archive_thread_local "$archive"

# A symbol that the sources mark as public must be shown: the export map may have been forgotten.
all_marked_are_shown() { # OBJECTS LIBRARY
  nm --defined-only --extern-only "$1" | awk 'NF == 3 { print $3 }' | sort -u >marked
  nm -D --defined-only "$2" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >shown
  comm -23 marked shown | c++filt | grep -vE '^(std::|bool std::|void std::|typeinfo|vtable|DW\.ref\.)' |
    sed 's/^/marked as public, but not in cmake\/exported_symbols.map: /' || true
}
holds all_marked_are_shown "$archive" "$ARPENT_LIB/libarpent.so"
preload_objects=$BUILD_DIR/src/arpent-preload.o
if [ ! -e "$preload_objects" ]; then preload_objects=$BUILD_DIR/src/arpent.o; fi
holds all_marked_are_shown "$preload_objects" "$ARPENT_PRELOAD"
grep -qx malloc shown || {
  fail "the preload library does not show malloc"
}

finish "the libraries need the C library only"
