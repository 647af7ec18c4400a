/* ar_profile.h: a program's view of its own profile. C99 and C++.
 *
 * A server can watch itself, and a test can bound what a region of it keeps: take a snapshot before and
 * after, and ask what grew. Needs no particular build of the program and no library: where Arpent's heap is
 * in the process (linked in, or by `arpent run`, or LD_PRELOAD), these functions answer; where it is not,
 * every one of them says so by what it returns.
 *
 * Thread safety: every function may be called from any thread at any time. None allocates from the heap.
 */
#ifndef AR_PROFILE_H
#define AR_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AR_PROFILE_WEAK __attribute__((weak))

/* What is live, by all that can be told apart, at a moment. Freed by ar_profile__drop. */
typedef struct ar_profile__snapshot ar_profile__snapshot;

/* What there is more of in a later snapshot: blocks from one stack, or from one place in the mode `sites`.
 * Valid for the length of the visit. */
typedef struct ar_profile__growth {
  int64_t blocks; /* may be 0 or less where only the bytes grew, and the other way around */
  int64_t bytes;
  const char* file;        /* of allocations through ar_heap.h, else null */
  unsigned line;           /* the same, else 0 */
  const char* description; /* the same, else null */
  const uintptr_t* stack;  /* return addresses, innermost first; the call site alone in the mode `sites` */
  size_t depth;            /* of the stack; 0 where only file and line are known */
} ar_profile__growth;

/* The library's side. Use the functions without the underscore at the end: these are null without Arpent. */
AR_PROFILE_WEAK int ar_profile__is_tracking_(void);
AR_PROFILE_WEAK int ar_profile__switch_(int on);
AR_PROFILE_WEAK int ar_profile__mark_(const char* label);
AR_PROFILE_WEAK ar_profile__snapshot* ar_profile__take_(void);
AR_PROFILE_WEAK void ar_profile__drop_(ar_profile__snapshot* snapshot);
AR_PROFILE_WEAK void ar_profile__live_(const ar_profile__snapshot* snapshot, int64_t* blocks, int64_t* bytes);
AR_PROFILE_WEAK size_t ar_profile__grown_(const ar_profile__snapshot* before,
                                          const ar_profile__snapshot* after,
                                          void (*visit)(const ar_profile__growth* growth, void* context),
                                          void* context);

/* 1 when the process's memory is tracked, 0 when Arpent is not in the process or in mode off. */
static inline int ar_profile__is_tracking(void) {
  return ar_profile__is_tracking_ != 0 ? ar_profile__is_tracking_() : 0;
}

/* Whether allocations are told apart from here on, in all threads; they are counted in any case, as
 * "allocated while recording was switched off". Returns how it was: 1 on, 0 off; -1 when nothing is tracked.
 */
static inline int ar_profile__switch(int on) {
  return ar_profile__is_tracking() != 0 ? ar_profile__switch_(on) : -1;
}

/* Marks this moment in the profile's timeline. The label is copied. 1, or 0 when nothing is tracked or the
 * profile is full. */
static inline int ar_profile__mark(const char* label) {
  return ar_profile__is_tracking() != 0 && label != 0 ? ar_profile__mark_(label) : 0;
}

/* What is live now. What other threads do meanwhile may be in it or not. Null when nothing is tracked or
 * there is no memory. */
static inline ar_profile__snapshot* ar_profile__take(void) {
  return ar_profile__is_tracking() != 0 ? ar_profile__take_() : 0;
}

/* Null is allowed. */
static inline void ar_profile__drop(ar_profile__snapshot* snapshot) {
  if (snapshot != 0) {
    ar_profile__drop_(snapshot);
  }
}

/* Blocks and bytes that are live in a snapshot; 0 of null. */
static inline void ar_profile__live(const ar_profile__snapshot* snapshot, int64_t* blocks, int64_t* bytes) {
  *blocks = 0;
  *bytes = 0;
  if (snapshot != 0) {
    ar_profile__live_(snapshot, blocks, bytes);
  }
}

/* Calls visit for all that there is more of in `after` than in `before`; visit may be null. Returns how many
 * they are; 0 when either snapshot is null. */
static inline size_t ar_profile__grown(const ar_profile__snapshot* before, const ar_profile__snapshot* after,
                                       void (*visit)(const ar_profile__growth* growth, void* context),
                                       void* context) {
  return before != 0 && after != 0 ? ar_profile__grown_(before, after, visit, context) : 0;
}

#ifdef __cplusplus
}
#endif

#endif
