/* The note that a translation unit leaves about itself: its name, its language and whether it tracks, so that
 * `arpent check` can read a binary's mix of configurations. Included by ar_heap.h and by every <arpent/…>
 * header; C99, C++ and, as nothing at all, Zig's @cImport. docs/module-notes.md has the layout.
 *
 * It is data: no code, no relocation, no symbol that other units see. Define AR_HEAP_NO_NOTE to leave none.
 */
#ifndef AR_MODULE_NOTE_H
#define AR_MODULE_NOTE_H

/* The version. ar_heap.h includes this file at its end, whichever of the two came first. */
#ifndef AR_HEAP_VERSION_MAJOR
#include "../ar_heap.h"
#endif

#if defined(__GNUC__) && defined(__ELF__) && !defined(__ZIG__) && !defined(AR_HEAP_NO_NOTE)

/* The library's own unit says so, that it is not taken for one of the user's. */
#ifdef AR_MODULE_NOTE_LIBRARY
#define AR_MODULE_NOTE_FLAGS_ 2U
#elif defined(DEBUG)
#define AR_MODULE_NOTE_FLAGS_ 1U
#else
#define AR_MODULE_NOTE_FLAGS_ 0U
#endif

/* Both compilers make a section whose name begins with ".note" one of type SHT_NOTE, which linkers keep under
 * --gc-sections; `used` makes the compiler keep it. AddressSanitizer of clang would pad it. */
#ifdef __clang__
#define AR_MODULE_NOTE_ATTRIBUTES_                                      \
  __attribute__((__used__, __section__(".note.arpent"), __aligned__(4), \
                 __no_sanitize__("address", "hwaddress")))
#else
#define AR_MODULE_NOTE_ATTRIBUTES_ __attribute__((__used__, __section__(".note.arpent"), __aligned__(4)))
#endif

/* Padded with zeros to whole words. The shortest, "", takes one word. */
#define AR_MODULE_NOTE_NAME_SIZE_ ((sizeof __BASE_FILE__ + 3U) / 4U * 4U)

static const struct {
  unsigned owner_size;
  unsigned description_size;
  unsigned type;
  char owner[8];
  unsigned layout;
  unsigned language;
  unsigned flags;
  unsigned version;
  char unit[AR_MODULE_NOTE_NAME_SIZE_];
} ar_module_note_ AR_MODULE_NOTE_ATTRIBUTES_ = {
    7U,
    16U + AR_MODULE_NOTE_NAME_SIZE_,
    0x4152U,
    "Arpent",
    1U,
#ifdef __cplusplus
    2U,
#else
    1U,
#endif
    AR_MODULE_NOTE_FLAGS_,
    AR_HEAP_VERSION_MAJOR * 0x10000U + AR_HEAP_VERSION_MINOR * 0x100U + AR_HEAP_VERSION_PATCH,
    __BASE_FILE__,
};

#endif
#endif /* AR_MODULE_NOTE_H */
