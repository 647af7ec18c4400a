// Functions that allocate for their caller, by the beginnings of their names: the one list of them, for the
// library, which looks for the call site behind them, and for the command, which names it. Not inline
// variables: these would be exported from libarpent.a.
#pragma once

namespace ar::platform {

// Zig's, as FILE.CONTAINER.FUNCTION: this project's module and the standard library's allocators.
constexpr const char* zig_allocator_names[] = {
    "ar_allocator.",
    "mem.Allocator.",
    "heap.CAllocator.",
    "heap.rawCAlloc",
    "heap.c_allocator_",
    "heap.arena_allocator.Arena",
    "heap.memory_pool.MemoryPool",
    "heap.general_purpose_allocator.General",
    "heap.debug_allocator.Debug",
    "heap.ThreadSafeAllocator.",
    "heap.StackFallbackAllocator",
    "heap.logging_allocator.",
    "heap.LoggingAllocator",
};

// What else of Zig's standard library returns memory, or holds it. Files of the program may have the names of
// the library's, so these are as long as it takes to tell them apart, and do not count if the file is known
// to be the program's.
constexpr const char* zig_library_names[] = {
    // containers
    "array_list.",
    "array_hash_map.ArrayHash",
    "hash_map.HashMap",
    "multi_array_list.M",
    "segmented_list.Segmented",
    "priority_queue.Priority",
    "priority_dequeue.Priority",
    "fifo.LinearFifo",
    "bit_set.DynamicBitSet",
    "buf_map.BufMap",
    "buf_set.BufSet",
    "BitStack.",
    // functions
    "fmt.allocPrint",
    "fmt.format",
    "mem.join",
    "mem.concat",
    "mem.replaceOwned",
    "ascii.alloc",
    "unicode.utf",
    "fs.path.join",
    "fs.path.resolve",
    "fs.path.relative",
    "fs.realpathAlloc",
    "fs.selfExe",
    "fs.getAppDataDir",
    "fs.Dir.",
    "fs.File.",
    "io.Reader.",
    "io.Writer.",
    "io.GenericReader",
    "io.GenericWriter",
    "io.buffered_",
    "io.Poller",
    "process.args",
    "process.ArgIterator",
    "process.EnvMap.",
    "process.getEnv",
    "process.getCwdAlloc",
    "process.createEnviron",
    "process.Child.",
    "json.static.",
    "json.dynamic.",
    "json.scanner.",
    "json.stringify",
    "http.Client.",
    "net.getAddressList",
    "Thread.Pool.",
};

// C++'s, demangled. The library has no use for them: it sees mangled names, and most of these are inlined.
constexpr const char* cxx_allocator_names[] = {
    "std::allocator<",        "std::__new_allocator<",   "__gnu_cxx::new_allocator<",
    "std::allocator_traits<", "std::__allocate_guarded", "operator new",
};

template <typename Names>
[[nodiscard]] constexpr bool begins_with_one_of(const char* name, const Names& beginnings) noexcept {
  for (const char* beginning : beginnings) {
    const char* letter = name;
    while (*beginning != '\0' && *letter == *beginning) {
      ++letter;
      ++beginning;
    }
    if (*beginning == '\0') {
      return true;
    }
  }
  return false;
}

}  // namespace ar::platform
