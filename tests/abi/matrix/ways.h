/* Every way to get a block and every way to give one back. Each is a function of its own, so that it is a
 * site of its own. */
#ifndef WAYS_H
#define WAYS_H

#define BLOCK_SIZE 4242

/* MAKE(name): void* make_NAME(void), null on failure. */
#define WAYS_TO_ALLOCATE(MAKE) \
  MAKE(c_tracked)              \
  MAKE(c_untracked)            \
  MAKE(c_tracked_strdup)       \
  MAKE(malloc)                 \
  MAKE(strdup)                 \
  MAKE(getline)                \
  MAKE(asprintf)               \
  MAKE(realpath)               \
  MAKE(new)                    \
  MAKE(new_array)              \
  MAKE(std_allocator)          \
  MAKE(ar_create_tracked)      \
  MAKE(ar_create_untracked)    \
  MAKE(ar_alloc_tracked)       \
  MAKE(ar_alloc_untracked)     \
  MAKE(zig_tracked)            \
  MAKE(zig_untracked)          \
  MAKE(zig_import_tracked)     \
  MAKE(zig_import_untracked)   \
  MAKE(zig_c_allocator)        \
  MAKE(zig_raw_c_allocator)    \
  MAKE_OF_PLUGIN(MAKE)

#ifdef WITHOUT_PLUGIN
#define MAKE_OF_PLUGIN(MAKE)
#else
#define MAKE_OF_PLUGIN(MAKE) \
  MAKE(plugin_malloc)        \
  MAKE(plugin_tracked)       \
  MAKE(plugin_new)
#endif

/* END(name): void end_NAME(void*) */
#define WAYS_TO_RELEASE(END) \
  END(c_tracked)             \
  END(c_untracked)           \
  END(free)                  \
  END(delete)                \
  END(delete_array)          \
  END(std_allocator)         \
  END(ar_free_tracked)       \
  END(ar_free_untracked)     \
  END(ar_destroy_tracked)    \
  END(ar_destroy_untracked)  \
  END(zig_tracked)           \
  END(zig_untracked)         \
  END(zig_import_tracked)    \
  END(zig_import_untracked)  \
  END(zig_c_allocator)       \
  END(zig_raw_c_allocator)

#ifdef __cplusplus
extern "C" {
#endif
#define DECLARE_MAKE(name) void* make_##name(void);
#define DECLARE_END(name) void end_##name(void* block);
WAYS_TO_ALLOCATE(DECLARE_MAKE)
WAYS_TO_RELEASE(DECLARE_END)
#ifdef __cplusplus
}
#endif

#endif
