/* ar_heap.h: the tracked heap's C interface. C99, C++ and Zig's @cImport.
 *
 * Compiled with -DDEBUG, the five macros record where each block comes from and what it is for, and the
 * program says at its end which blocks were never released. Compiled without, they are malloc, calloc,
 * realloc, strdup and free, and cost nothing. Translation units of both kinds may be mixed freely: one
 * heap serves them all, so any block may be released through any of them, and by plain free.
 *
 * The functions below are there in every build, whatever DEBUG says. Link with `arpent`
 * (pkg-config: arpent, CMake: arpent::heap).
 *
 * Thread safety: every function may be called from any thread at any time, also before main and after exit.
 * Failure: as in C, null and errno; nothing here aborts or throws. All sizes and alignments are bytes.
 *
 * Macros that you may define before the first inclusion:
 *   DEBUG             track (see above)
 *   __ZIG__           for @cImport: __FILE__ and __LINE__, which it cannot translate, are left out, and the
 *                     report takes file and line from the debug information
 *   AR_HEAP_NO_NOTE   leave no ELF note about this translation unit's configuration
 */
#ifndef AR_HEAP_H
#define AR_HEAP_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The version that this header belongs to; arpent__version() tells the library's. */
#define AR_HEAP_VERSION "0.1.0"
#define AR_HEAP_VERSION_MAJOR 0
#define AR_HEAP_VERSION_MINOR 1
#define AR_HEAP_VERSION_PATCH 0

/* A description that contains this marks a block that a test leaks on purpose; the report counts it apart. */
#define AR_HEAP_INTENTIONAL_LEAK "INTENTIONAL_LEAK_FOR_TESTING"

#if defined(__cplusplus) && __cplusplus >= 201103L
#define AR_HEAP_NOEXCEPT_ noexcept
#elif defined(__cplusplus)
#define AR_HEAP_NOEXCEPT_ throw()
#else
#define AR_HEAP_NOEXCEPT_
#endif

/* What the compiler may know. `malloc` is not told by which function to release: free is as good.
 * Warnings for an unused result are given where the C library gives them for its own function, so that
 * code compiles alike with and without DEBUG. */
#if defined(__GNUC__) && !defined(__ZIG__)
#define AR_HEAP_MALLOC_ __attribute__((__malloc__))
#define AR_HEAP_SIZE_(index) __attribute__((__alloc_size__(index)))
#define AR_HEAP_PRODUCT_(first, second) __attribute__((__alloc_size__(first, second)))
#define AR_HEAP_USE_RESULT_ __attribute__((__warn_unused_result__))
#ifdef __clang__
#define AR_HEAP_USE_ALLOCATED_
#else
#define AR_HEAP_USE_ALLOCATED_ AR_HEAP_USE_RESULT_
#endif
#else
#define AR_HEAP_MALLOC_
#define AR_HEAP_SIZE_(index)
#define AR_HEAP_PRODUCT_(first, second)
#define AR_HEAP_USE_RESULT_
#define AR_HEAP_USE_ALLOCATED_
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* In all functions, `file` and `line` are the call site, as __FILE__ and __LINE__ give them, and `desc` says
 * what the block is for. Both strings are copied: they may be built at run time, changed and released right
 * after the call. Null is allowed; a null description reads "Unknown", and with a null file the report names
 * the place of the call from the debug information. So it does for file "zig" and line 0.
 *
 * What is returned belongs to the caller, who releases it once, with ar_heap__free or free. */

/* `size` bytes, not initialised, aligned as malloc's; size 0 gives a block of its own. Null and ENOMEM when
 * there is no memory. */
void* ar_heap__malloc(size_t size, const char* file, int line,
                      const char* desc) AR_HEAP_NOEXCEPT_ AR_HEAP_MALLOC_
    AR_HEAP_SIZE_(1) AR_HEAP_USE_ALLOCATED_;

/* `count` times `size` bytes, all zero. Null and ENOMEM when the product overflows, too. */
void* ar_heap__calloc(size_t count, size_t size, const char* file, int line,
                      const char* desc) AR_HEAP_NOEXCEPT_ AR_HEAP_MALLOC_
    AR_HEAP_PRODUCT_(1, 2) AR_HEAP_USE_ALLOCATED_;

/* Changes the size of a block, which may move; its content is kept up to the smaller of both sizes. It counts
 * as a new allocation, and the block belongs to this call's site from then on. `ptr` null: allocates. `size`
 * 0: releases the block and returns null. On failure (null and ENOMEM) the old block is as it was, alive and
 * tracked. A block that is not this heap's is resized by whoever owns it. */
void* ar_heap__realloc(void* ptr, size_t size, const char* file, int line, const char* desc) AR_HEAP_NOEXCEPT_
    AR_HEAP_SIZE_(2) AR_HEAP_USE_RESULT_;

/* A copy of the string with its terminating NUL. Null and ENOMEM when there is no memory. For a null string:
 * null, errno as it was, and a line on standard error that says where. */
char* ar_heap__strdup(const char* str, const char* file, int line,
                      const char* desc) AR_HEAP_NOEXCEPT_ AR_HEAP_MALLOC_ AR_HEAP_USE_ALLOCATED_;

/* Releases a block of any of the functions here or of malloc's family; one that is not this heap's goes to
 * whoever owns it. Null does nothing. errno is kept. */
void ar_heap__free(void* ptr) AR_HEAP_NOEXCEPT_;

/* `size` bytes at a multiple of `alignment`, a power of two of up to 1 GiB; `size` need not be a multiple of
 * it. Null and EINVAL when `alignment` is no power of two, null and ENOMEM when there is no memory. */
void* ar_heap__aligned_alloc(size_t alignment, size_t size, const char* file, int line,
                             const char* desc) AR_HEAP_NOEXCEPT_ AR_HEAP_MALLOC_
    AR_HEAP_SIZE_(2) AR_HEAP_USE_RESULT_;

/* The same for language bindings, whose call site is a code address: `return_address` is where the user's
 * call returns to (0: this function's own caller). Names and lines come from the debug information. */
void* ar_heap__malloc_at(size_t size, size_t alignment, uintptr_t return_address,
                         const char* desc) AR_HEAP_NOEXCEPT_ AR_HEAP_MALLOC_
    AR_HEAP_SIZE_(1) AR_HEAP_USE_RESULT_;

/* Changes the size of a block without moving it. 1 when it has the new size, as after a realloc that happens
 * not to move, but at the place and with the description that it had. 0 when that cannot be, and then it is
 * as it was; also for null, for size 0 and for a block that is not this heap's. */
int ar_heap__resize_in_place(void* ptr, size_t size) AR_HEAP_NOEXCEPT_;

/* Lets memory that did not come from this heap (a pool's chunk, a mapping) appear in the report until
 * ar_heap__disown is called. The memory is neither read nor written nor released, and stays the caller's.
 * 1 when it is tracked from now on; 0 when it cannot be: null, already adopted, memory of this heap,
 * tracking off, or no memory to note it down. */
int ar_heap__adopt(void* ptr, size_t size, const char* desc) AR_HEAP_NOEXCEPT_;

/* Ends ar_heap__adopt, to be called before the memory is given back. 1 when `ptr` was adopted, else 0. */
int ar_heap__disown(void* ptr) AR_HEAP_NOEXCEPT_;

/* Writes the report of all that came through ar_heap and is still alive; the file is complete when the call
 * returns, and is overwritten by the next one and by the report at exit. Leaks are announced on standard
 * error, intentional ones on standard output. The path is AGERUN_MEMORY_REPORT, else ARPENT_REPORT, else
 * heap_memory_report.log, relative to the directory that the program was started in. A report that cannot be
 * written there goes to standard error. Allocates nothing from the heap, keeps errno, takes no lock that an
 * allocation takes: may be called from a signal handler. Blocks that other threads allocate or release
 * meanwhile may be in it or not. */
void ar_heap__memory_report(void) AR_HEAP_NOEXCEPT_;

/* The library's version, as "0.1.0". The string is never released. */
const char* arpent__version(void) AR_HEAP_NOEXCEPT_;

#ifdef __cplusplus
}
#endif

/* The macros. Each is an expression and evaluates each argument once, except that without DEBUG the
 * description is not evaluated at all. */
#ifdef DEBUG

#ifdef __ZIG__
/* Zig makes inline functions of them, which its debug information names: from the names of the inner ones
 * `arpent check` reads that a module without a note was tracked. */
#define AR_HEAP_TRACKED_MALLOC_(size, desc) ar_heap__malloc((size), "zig", 0, (desc))
#define AR_HEAP_TRACKED_CALLOC_(count, size, desc) ar_heap__calloc((count), (size), "zig", 0, (desc))
#define AR_HEAP_TRACKED_REALLOC_(ptr, size, desc) ar_heap__realloc((ptr), (size), "zig", 0, (desc))
#define AR_HEAP_TRACKED_STRDUP_(str, desc) ar_heap__strdup((str), "zig", 0, (desc))
#define AR_HEAP_TRACKED_FREE_(ptr) ar_heap__free(ptr)
#define AR__HEAP__MALLOC(size, desc) AR_HEAP_TRACKED_MALLOC_((size), (desc))
#define AR__HEAP__CALLOC(count, size, desc) AR_HEAP_TRACKED_CALLOC_((count), (size), (desc))
#define AR__HEAP__REALLOC(ptr, size, desc) AR_HEAP_TRACKED_REALLOC_((ptr), (size), (desc))
#define AR__HEAP__STRDUP(str, desc) AR_HEAP_TRACKED_STRDUP_((str), (desc))
#define AR__HEAP__FREE(ptr) AR_HEAP_TRACKED_FREE_(ptr)
#else
#define AR__HEAP__MALLOC(size, desc) ar_heap__malloc((size), __FILE__, __LINE__, (desc))
#define AR__HEAP__CALLOC(count, size, desc) ar_heap__calloc((count), (size), __FILE__, __LINE__, (desc))
#define AR__HEAP__REALLOC(ptr, size, desc) ar_heap__realloc((ptr), (size), __FILE__, __LINE__, (desc))
#define AR__HEAP__STRDUP(str, desc) ar_heap__strdup((str), __FILE__, __LINE__, (desc))
#define AR__HEAP__FREE(ptr) ar_heap__free(ptr)
#endif

#else /* not DEBUG */

/* Strict C, as -std=c99 asks for it, has no strdup before C23. */
#if !defined(__cplusplus) && defined(__STRICT_ANSI__) && !defined(strdup)
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#endif
extern char* strdup(const char* str);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

#ifndef __ZIG__
/* A variable that only describes must not become an unused one. */
#define AR_HEAP_IGNORE_(desc) (void)(0 && ((void)(desc), 0))
#endif

#if defined(__ZIG__)
/* translate-c knows no cast to void; it marks unused parameters as used by itself. */
#define AR__HEAP__MALLOC(size, desc) malloc(size)
#define AR__HEAP__CALLOC(count, size, desc) calloc((count), (size))
#define AR__HEAP__REALLOC(ptr, size, desc) realloc((ptr), (size))
#define AR__HEAP__STRDUP(str, desc) strdup(str)
#define AR__HEAP__FREE(ptr) free(ptr)
#elif defined(__cplusplus)
/* Qualified, so that no member function or overload of the same name is taken for the C library's. */
#define AR__HEAP__MALLOC(size, desc) (AR_HEAP_IGNORE_(desc), ::malloc(size))
#define AR__HEAP__CALLOC(count, size, desc) (AR_HEAP_IGNORE_(desc), ::calloc((count), (size)))
#define AR__HEAP__REALLOC(ptr, size, desc) (AR_HEAP_IGNORE_(desc), ::realloc((ptr), (size)))
#define AR__HEAP__STRDUP(str, desc) (AR_HEAP_IGNORE_(desc), ::strdup(str))
#define AR__HEAP__FREE(ptr) ::free(ptr)
#else
#define AR__HEAP__MALLOC(size, desc) (AR_HEAP_IGNORE_(desc), malloc(size))
#define AR__HEAP__CALLOC(count, size, desc) (AR_HEAP_IGNORE_(desc), calloc((count), (size)))
#define AR__HEAP__REALLOC(ptr, size, desc) (AR_HEAP_IGNORE_(desc), realloc((ptr), (size)))
#define AR__HEAP__STRDUP(str, desc) (AR_HEAP_IGNORE_(desc), strdup(str))
#define AR__HEAP__FREE(ptr) free(ptr)
#endif

#endif /* DEBUG */

#include "arpent/module_note.h"

#endif /* AR_HEAP_H */
