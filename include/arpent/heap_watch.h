/* Watching one thread's own use of the heap: what expect_no_allocations of <arpent/testing.hpp> stands on.
 * For C99 and C++.
 *
 * The functions are there when arpent::heap is linked or preloaded, and null otherwise. */
#ifndef ARPENT_HEAP_WATCH_H
#define ARPENT_HEAP_WATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define AR_HEAP_WATCH_NOEXCEPT_ noexcept
#else
#define AR_HEAP_WATCH_NOEXCEPT_
#endif

typedef struct ar_heap__watch {
  size_t allocations; /* calls that got a block, or another size for one, or found no memory */
  size_t releases;    /* calls that gave one back; of null: not counted */
  uintptr_t first;    /* return address of the first call that allocated; 0: none */
  void* reserved_;
} ar_heap__watch;

/* From here on the calling thread's uses of the heap are counted in *watch, which must outlive that; malloc's
 * and operator new's, those of libraries and of signal handlers too. Other threads are not watched, nor is
 * memory that is mapped without the heap. Watched uses work as usual, and take longer. 0, and nothing is
 * counted, when the thread is being watched already or is at its end. */
__attribute__((weak)) int ar_heap__watch_begin(ar_heap__watch* watch) AR_HEAP_WATCH_NOEXCEPT_;

/* By the same thread. */
__attribute__((weak)) void ar_heap__watch_end(ar_heap__watch* watch) AR_HEAP_WATCH_NOEXCEPT_;

/* Says on standard error where the first allocation was: function, file and line where they can be had.
 * Nothing when there was none. */
__attribute__((weak)) void ar_heap__watch_tell(const ar_heap__watch* watch) AR_HEAP_WATCH_NOEXCEPT_;

#ifdef __cplusplus
}
#endif

#endif
