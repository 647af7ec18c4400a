// Memory for what exec needs beside the program's own: stacks may be small, and malloc is not for signal
// handlers and children made by vfork.
#pragma once

#include <cstddef>

namespace ar::abi {

// Valid until the object ends. A child made by vfork that becomes another program leaves its memory behind in
// its parent, where the next one that the same thread makes uses it again.
class ExecMemory {
 public:
  explicit ExecMemory(std::size_t size) noexcept;
  ~ExecMemory();
  ExecMemory(const ExecMemory&) = delete;
  ExecMemory& operator=(const ExecMemory&) = delete;

  [[nodiscard]] void* start() const noexcept { return start_; }  // null: no memory

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;
  struct Slot* slot_ = nullptr;
};

}  // namespace ar::abi
