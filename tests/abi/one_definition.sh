#!/usr/bin/env bash
# Tests include/arpent/heap.hpp
# Tracked and untracked units of C++ in one program. Types are the same in both and pass across; blocks of one are
# released by the other; an object file's functions are never taken for the other's. Linked in both orders,
# optimised or not, by each compiler, with link-time optimisation and its check of one-definition violations, and
# with the two compilers mixed.
set -euo pipefail

. "$SOURCE_DIR/tests/harness/checks.sh"

cat >shared.hpp <<'CPP'
#include <arpent/heap.hpp>
#include <string>
struct Agent {
  explicit Agent(int given) : number(given), name("agent") {}
  int number;
  std::string name;
};
struct Plain {
  int x;
};
// Types of the header itself, in signatures: they must be the same type for this to link.
int line_of(ar::Description description);
Agent* make_agent_tracked();
void end_agent_tracked(Agent* agent);
Plain* make_plain_tracked();
char* make_text_tracked();
Agent* make_agent_untracked();
void end_agent_untracked(Agent* agent);
Plain* make_plain_untracked();
char* make_text_untracked();
void free_tracked(void* block);
void free_untracked(void* block);
CPP
cat >module.cpp <<'CPP'
#include "shared.hpp"
#ifdef DEBUG
#define NAMED(name) name##_tracked
#else
#define NAMED(name) name##_untracked
int line_of(ar::Description description) { return description.line(); }
#endif
Agent* NAMED(make_agent)() { return ar::create<Agent>("an agent", 7); }
void NAMED(end_agent)(Agent* agent) { ar::destroy(agent); }
Plain* NAMED(make_plain)() { return ar::create<Plain>("a plain", 3); }
char* NAMED(make_text)() { return ar::dupe("text", "a text"); }
void NAMED(free)(void* block) { ar::free(block); }
CPP
cat >main.cpp <<'CPP'
#include "shared.hpp"
#include <stdexcept>
int main(int count, char**) {
  if (count > 1) {
    throw std::runtime_error("this program takes no arguments");
  }
  // Crosswise: nothing is left.
  end_agent_untracked(make_agent_tracked());
  end_agent_tracked(make_agent_untracked());
  free_untracked(make_plain_tracked());
  free_tracked(make_plain_untracked());
  free_untracked(make_text_tracked());
  free_tracked(make_text_untracked());
  // One of each is left; only the tracked one is described.
  Agent* left = make_agent_tracked();
  Plain* also_left = make_plain_untracked();
  return left->number == 7 && left->name == "agent" && also_left->x == 3 && line_of("here") == __LINE__ ? 0 : 1;
}
CPP

line=$(grep -n 'ar::create<Agent>' module.cpp | cut -d: -f1)
libraries=("$ARPENT_LIB/libarpent.a")
include=(-I"$SOURCE_DIR/include" -std=c++20 -g -Wall -Wextra -Wpedantic -Werror)

build() { # COMPILER CONFIGURATION OUTPUT FLAGS…
  "$1" "${include[@]}" "${@:4}" "$2" -c module.cpp -o "$3"
}
run() { # NAME LINKER FLAGS-AND-OBJECTS…
  local name=$1
  if ! "${@:2}" -o program "${libraries[@]}" 2>messages || [ -s messages ]; then
    fail "$name does not link cleanly: $(head -n 5 messages)"
    return
  fi
  rm -f heap_memory_report.log
  ./program >output 2>&1 || fail "$name ends with an error: $(tail -n 3 output)"
  if [ ! -s heap_memory_report.log ] || ! grep -q '^Actual memory leaks: 1 (' heap_memory_report.log ||
    ! grep -q '^ *Description: an agent \[Agent\]$' heap_memory_report.log ||
    ! grep -q "^ *Allocated at: module.cpp:$line$" heap_memory_report.log; then
    fail "$name: not exactly the tracked leak is reported: $(grep -E 'leaks:|Description' heap_memory_report.log)"
  fi
  if grep -q mismatch output; then fail "$name: a mismatch is reported: $(cat output)"; fi
  # Both kinds of functions are in the program, under names of their own.
  nm -C program >symbols
  grep -q ' ar::tracked::.*release' symbols || [[ $name != *-O0* ]] || fail "$name: no tracked function is in the program"
  grep -q ' ar::untracked::.*release' symbols || [[ $name != *-O0* ]] || fail "$name: no untracked function is in the program"
}

for compiler in g++ clang++-19; do
  for level in -O0 -O2; do
    build $compiler -DDEBUG tracked.o $level
    build $compiler -UDEBUG untracked.o $level
    for main in -DDEBUG -UDEBUG; do
      "$compiler" "${include[@]}" $level $main -c main.cpp -o main.o
      run "$compiler $level $main, tracked first" "$compiler" main.o tracked.o untracked.o
      run "$compiler $level $main, untracked first" "$compiler" main.o untracked.o tracked.o
    done
  done
done

# The compilers mixed: one's tracked unit with the other's untracked one.
build g++ -DDEBUG tracked.o -O2
build clang++-19 -UDEBUG untracked.o -O2
run "g++ and clang++ mixed" g++ main.o tracked.o untracked.o

# g++ compares the definitions that it meets when it optimises at link time.
build g++ -DDEBUG tracked.o -O2 -flto -Wodr
build g++ -UDEBUG untracked.o -O2 -flto -Wodr
g++ "${include[@]}" -O2 -flto -c main.cpp -o main.o
run "g++ with link-time optimisation" g++ -O2 -flto -Wodr -Werror main.o tracked.o untracked.o

# What weak definitions tracked and untracked units have in common must be the same code in both: no function that
# allocates or releases is among them.
build g++ -DDEBUG tracked.o -O0
build g++ -UDEBUG untracked.o -O0
weak() { nm -C --defined-only "$1" | sed -n 's/^[0-9a-f]* [WVu] //p' | sort -u; }
comm -12 <(weak tracked.o) <(weak untracked.o) | grep '^ar::' >common || fail "there is nothing in common to look at"
for object in tracked.o untracked.o; do
  nm -C -S --defined-only $object | grep -E ' [WVu] ar::detail::|[WVu] ar::Description' | sed 's/^[0-9a-f]* //' | sort -u >sizes.$object
done
cmp -s sizes.tracked.o sizes.untracked.o || {
  # The tracked unit uses more of them; those that both have must be of one size.
  join -1 1 -2 1 <(sed 's/^\([0-9a-f]*\) [WVu] \(.*\)/\2|\1/' sizes.tracked.o | tr ' ' '_' | tr '|' ' ' | sort) \
    <(sed 's/^\([0-9a-f]*\) [WVu] \(.*\)/\2|\1/' sizes.untracked.o | tr ' ' '_' | tr '|' ' ' | sort) |
    awk '$2 != $3' >different
  [ ! -s different ] || fail "functions of one name differ: $(cat different)"
}
if grep -E '^ar::(create|destroy|alloc|realloc|dupe|free|raw)' common; then
  fail "these functions differ by configuration and have one name in both"
fi

finish "tracked and untracked units keep to one definition"
