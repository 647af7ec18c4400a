/* Telling the tracker of blocks that it cannot see: those which an allocator cuts from memory of its own. An
 * arena, a buffer or a pool is then shown in reports as an owner, with what lies in it by site, and a block
 * of it that is given to free() is named as what it is. The allocators of this folder do so by themselves;
 * this is for your own. For C99 and C++.
 *
 * The functions are there when arpent::heap is linked or preloaded, and null otherwise. Those that take an
 * owner are called only with one that ar_heap__owner_begin has returned, so that one test of that suffices:
 *
 *   if (ar_heap__owner_begin != NULL)
 *     arena->owner = ar_heap__owner_begin(AR_HEAP_ARENA, __FILE__, __LINE__, "arena");
 *
 *   if (arena->owner != NULL)
 *     ar_heap__owner_enter(arena->owner, block, size, file, line, description);
 *
 * Owners' blocks are part of no total: the memory that they lie in is counted where it came from. Any thread
 * may call, one at a time for one owner. Texts are copied. */
#ifndef ARPENT_BLOCK_OWNER_H
#define ARPENT_BLOCK_OWNER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define AR_HEAP_OWNER_NOEXCEPT_ noexcept
#else
#define AR_HEAP_OWNER_NOEXCEPT_
#endif

typedef struct ar_heap__owner ar_heap__owner;

/* What messages call it. */
enum ar_heap__owner_kind { AR_HEAP_ARENA = 1, AR_HEAP_BUFFER = 2 };

/* A new owner, made at FILE:LINE (file null: at the place of this call) and named `desc`. Null when nothing
 * is tracked or there is no memory for it. */
__attribute__((weak)) ar_heap__owner* ar_heap__owner_begin(int kind, const char* file, int line,
                                                           const char* desc) AR_HEAP_OWNER_NOEXCEPT_;

/* Ends all its blocks, and the owner. */
__attribute__((weak)) void ar_heap__owner_end(ar_heap__owner* owner) AR_HEAP_OWNER_NOEXCEPT_;

/* From now on a block of `size` bytes lies in it, allocated at FILE:LINE (file null: at the place of this
 * call). */
__attribute__((weak)) void ar_heap__owner_enter(ar_heap__owner* owner, const void* block, size_t size,
                                                const char* file, int line,
                                                const char* desc) AR_HEAP_OWNER_NOEXCEPT_;

/* The block has another size. Takes longer the more blocks were entered after it. */
__attribute__((weak)) void ar_heap__owner_resize(ar_heap__owner* owner, const void* block,
                                                 size_t size) AR_HEAP_OWNER_NOEXCEPT_;

/* The block has ended. Takes longer the more blocks were entered after it. Returns what
 * ar_heap__owner_return takes; 0 when there is no such block. */
__attribute__((weak)) uint32_t ar_heap__owner_leave(ar_heap__owner* owner,
                                                    const void* block) AR_HEAP_OWNER_NOEXCEPT_;

/* The block that has left lives after all. */
__attribute__((weak)) void ar_heap__owner_return(ar_heap__owner* owner, const void* block, size_t size,
                                                 uint32_t token) AR_HEAP_OWNER_NOEXCEPT_;

/* Says on standard error that this pointer was given to the owner to free at FILE:LINE (file null: at the
 * place of this call), and is none of its blocks: whose it is, where that is known. `file` is kept by pointer
 * until this returns. */
__attribute__((weak)) void ar_heap__owner_reject(ar_heap__owner* owner, const void* pointer, const char* file,
                                                 int line) AR_HEAP_OWNER_NOEXCEPT_;

/* How many blocks have been entered and not been cut off: a moment for ar_heap__owner_cut. */
__attribute__((weak)) size_t ar_heap__owner_count(const ar_heap__owner* owner) AR_HEAP_OWNER_NOEXCEPT_;

/* Ends all blocks that were entered after that moment; 0: all. */
__attribute__((weak)) void ar_heap__owner_cut(ar_heap__owner* owner, size_t count) AR_HEAP_OWNER_NOEXCEPT_;

/* A block that an allocator with notes of its own has found at an address. */
typedef struct ar_heap__owned_block {
  const char* description; /* or null */
  uintptr_t allocated_by;  /* return address of the call that allocated it; 0: not known */
} ar_heap__owned_block;

/* Says whether a live block begins at `pointer`, which somebody has given to free(), and fills `found`.
 * Called by any thread at any time; must neither allocate nor wait for a lock that its own thread may hold.
 */
typedef int (*ar_heap__block_finder)(const void* pointer, ar_heap__owned_block* found);

/* Asks this function, too, whose a pointer is, until it is taken out: once a function, before its code goes.
 * `name` ("a general purpose allocator") is kept by pointer. Without memory for it, it is not asked. */
__attribute__((weak)) void ar_heap__add_block_finder(ar_heap__block_finder finder,
                                                     const char* name) AR_HEAP_OWNER_NOEXCEPT_;
__attribute__((weak)) void ar_heap__remove_block_finder(ar_heap__block_finder finder) AR_HEAP_OWNER_NOEXCEPT_;

#ifdef __cplusplus
}
#endif

#endif
