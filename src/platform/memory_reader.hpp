// Reading memory of this process that may not be readable: mappings of truncated files, guard pages, memory
// that a thread that runs on unmaps at the same moment. Nothing here faults.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/mappings.hpp"
#include "platform/proc_file.hpp"

namespace ar::platform {

enum class ReadingWay : std::uint8_t {
  copy_call,    // process_vm_readv
  memory_file,  // /proc/self/mem
  directly,     // neither is allowed: plain loads, from mappings and pages that are known to be there
};

// Not thread-safe.
class MemoryReader {
 public:
  // Uses the best way there is that is not better than `best`. Where system calls are filtered, the file
  // comes first: few filters know the other.
  explicit MemoryReader(ReadingWay best = ReadingWay::copy_call) noexcept;

  [[nodiscard]] ReadingWay way() const noexcept { return way_; }

  // For reading directly: what is mapped, by address. The list must stay where it is. Until this is called,
  // and outside of these mappings, nothing can be read directly.
  void know(const Mapping* mappings, std::size_t count) noexcept {
    mappings_ = mappings;
    mapping_count_ = count;
  }

  // Copies up to `size` bytes; returns how many came before the first that cannot be read.
  [[nodiscard]] std::size_t read(std::uintptr_t address, void* buffer, std::size_t size) const noexcept;

  // The first page in [start, end), whole pages, that cannot be read; `end` if there is none. Reading
  // directly, that is not known, and the answer is `end`.
  [[nodiscard]] std::uintptr_t first_unreadable_page(std::uintptr_t start, std::uintptr_t end) const noexcept;

 private:
  [[nodiscard]] std::size_t read_directly(std::uintptr_t address, void* buffer,
                                          std::size_t size) const noexcept;

  ProcFile memory_file_;
  ReadingWay way_;
  const Mapping* mappings_ = nullptr;
  std::size_t mapping_count_ = 0;
};

// Copies memory that is there. Unlike memcpy, it is never watched by a sanitizer: threads that are stopped do
// not race.
void copy_unwatched(std::uintptr_t address, void* buffer, std::size_t size) noexcept;

}  // namespace ar::platform
