// Where the leak scan begins: all memory of the process that is not ours and that the program can still
// reach.
//
// Roots are
//   - every page that this process has written of every readable private mapping: data of the program and
//     of its libraries, anonymous memory, stacks, thread-local storage. Read-only ones too: what was written
//     before it was made read-only (relocated tables, sealed settings, generated code) may point to blocks
//     as well;
//   - every page in memory of writable shared mappings, files' included. Devices whose memory is not
//     ordinary memory are left alone;
//   - the general and vector registers of all threads, and their thread pointers.
// Left out are
//   - the heap's own memory, the profile, and the scan's working memory;
//   - of the stacks, what lies below the stack pointer: dead frames would hide leaks. This is known for the
//     stack that the program began on and for those that glibc made; of any other (coroutines, signal
//     stacks) all is a root;
//   - stacks that glibc keeps of threads that have ended, with their thread-local variables; their
//     descriptors, which lead to the tables of thread-local storage, stay roots.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/mapped_array.hpp"
#include "platform/mappings.hpp"
#include "platform/memory_reader.hpp"
#include "platform/page_runs.hpp"
#include "platform/threads.hpp"

namespace ar::leaks {

struct AddressRange {
  std::uintptr_t start;
  std::uintptr_t end;
};

// Whose roots: the C and C++ runtime's are the data of its own shared libraries (runtime_modules.hpp).
enum class RootsOf : std::uint8_t { program, runtime };

using WordsVisitor = void (*)(const std::uintptr_t* words, std::size_t count, void* context);

// Not thread-safe. To be used while the other threads are stopped. 2 KiB.
class LeakRoots {
 public:
  LeakRoots(platform::PageSource pages, platform::ReadingWay way) noexcept : runs_(pages), reader_(way) {}

  // Finds out what the roots are. `stack_pointer` is where the calling thread's live stack begins; what it
  // has in registers must have been spilled above. False when there is no memory or no /proc.
  [[nodiscard]] bool collect(const platform::StoppedThreads& threads, std::uintptr_t stack_pointer) noexcept;

  // Calls visit with the words of all roots of the program, or of the runtime's own data.
  void for_each_root(RootsOf whose, const platform::StoppedThreads& threads, WordsVisitor visit,
                     void* context) noexcept;

  // Calls visit with the words of a block of the heap.
  void for_each_word_of_block(std::uintptr_t start, std::size_t size, WordsVisitor visit,
                              void* context) noexcept;

  // The heap's own ranges: every block lies in one.
  [[nodiscard]] const platform::MappedArray<AddressRange>& heap_ranges() const noexcept {
    return heap_ranges_;
  }

 private:
  [[nodiscard]] bool collect_mappings() noexcept;
  [[nodiscard]] bool collect_uneven() noexcept;
  [[nodiscard]] bool collect_unreadable(std::uintptr_t start, std::uintptr_t end) noexcept;
  [[nodiscard]] bool collect_runtime_modules() noexcept;
  [[nodiscard]] bool leave_out_own_memory() noexcept;
  [[nodiscard]] bool leave_out_dead_frames(const platform::StoppedThreads& threads,
                                           std::uintptr_t stack_pointer) noexcept;
  [[nodiscard]] bool leave_out_dead_frames_of(std::uintptr_t thread_pointer,
                                              std::uintptr_t stack_pointer) noexcept;
  [[nodiscard]] bool leave_out_dead_stacks() noexcept;
  [[nodiscard]] bool list_running(const platform::StoppedThreads& threads) noexcept;
  [[nodiscard]] bool leave_out_dead_stack(std::uintptr_t descriptor) noexcept;
  void sort_left_out() noexcept;

  template <typename Visit>
  void for_each_part(RootsOf whose, std::uintptr_t start, std::uintptr_t end, Visit visit) const noexcept;
  template <typename Visit>
  void for_each_piece(const platform::Mapping& mapping, Visit visit) const noexcept;
  template <typename Visit>
  void read(std::uintptr_t start, std::uintptr_t end, platform::Pages which, Visit visit) noexcept;

  [[nodiscard]] bool is_root(const platform::Mapping& mapping) noexcept;
  [[nodiscard]] bool is_memory_of_device(const platform::Mapping& mapping) noexcept;
  [[nodiscard]] bool is_even(std::uintptr_t start, std::uintptr_t end) const noexcept;

  platform::PageRuns runs_;
  platform::MemoryReader reader_;
  platform::MappedArray<platform::Mapping> mappings_;
  platform::MappedArray<AddressRange> heap_ranges_;
  platform::MappedArray<AddressRange>
      uneven_;  // parts of the heap's ranges that are not plain readable memory
  platform::MappedArray<AddressRange> runtime_modules_;  // sorted by start
  platform::MappedArray<AddressRange> left_out_;  // sorted by start, apart from each other once collected
  platform::MappedArray<std::uintptr_t> buffer_;
  platform::MappedArray<std::uintptr_t> descriptors_;  // of threads that may have ended
  // Of the threads that have not ended, sorted: there may be as many of them as descriptors.
  platform::MappedArray<std::uintptr_t> thread_pointers_;
  platform::MappedArray<std::uintptr_t> stack_pointers_;
  bool any_stack_may_be_live_ = false;  // of some thread neither is known
  std::uintptr_t own_thread_pointer_ = 0;
  bool memory_stays_ = false;  // all threads are stopped: none changes what is mapped
};

}  // namespace ar::leaks
