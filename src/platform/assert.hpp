// Assertions in three tiers, by what they cost. A build checks the tiers up to ARPENT_ASSERTIONS; a tier
// above it is compiled and discarded. Release builds have none (0), the preset `debug` has all (3).
//
//   1  ARPENT_ASSERT            compares values at hand
//   2  ARPENT_ASSERT_INTERNAL   a few loads more, for example a look-up in the segment map; constant time
//   3  ARPENT_ASSERT_EXPENSIVE  walks a structure, for example a page's free list; only on slow paths
//
// Price without optimisation, in instructions: a pair of malloc and free of 40 bytes, and (grow) a malloc
// that is never freed, so that pages fill up and tier 3 walks their free lists:
//
//   tiers      off   sites  stacks    grow, off   grow, sites
//   none       410     905    2835           88           318
//   1          420     924    2848
//   1 and 2    621    1340    3073          285           546
//   all        621    1340    3073          529           802
//
// They check the library's own invariants, never what the program does: a wrong release is reported, see
// abi/misuse.hpp. The expression must have no side effects.
#pragma once

#ifndef ARPENT_ASSERTIONS
#define ARPENT_ASSERTIONS 0
#endif

namespace ar::platform {

// Writes "arpent: assertion failed at FILE:LINE: EXPRESSION" to standard error and aborts. Allocates nothing.
[[noreturn, gnu::cold, gnu::noinline]] void fail_assertion(const char* file, unsigned line,
                                                           const char* expression) noexcept;

}  // namespace ar::platform

#define ARPENT_ASSERT_IN_TIER(TIER, ...)                                  \
  do {                                                                    \
    if constexpr (ARPENT_ASSERTIONS >= (TIER)) {                          \
      if (!(__VA_ARGS__)) [[unlikely]] {                                  \
        ::ar::platform::fail_assertion(__FILE__, __LINE__, #__VA_ARGS__); \
      }                                                                   \
    }                                                                     \
  } while (false)

#define ARPENT_ASSERT(...) ARPENT_ASSERT_IN_TIER(1, __VA_ARGS__)
#define ARPENT_ASSERT_INTERNAL(...) ARPENT_ASSERT_IN_TIER(2, __VA_ARGS__)
#define ARPENT_ASSERT_EXPENSIVE(...) ARPENT_ASSERT_IN_TIER(3, __VA_ARGS__)
