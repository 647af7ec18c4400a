// XNNPACK's memory from an ar::Allocator that may be changed: packed weights from one, scratch from another.
#pragma once

#include <xnnpack.h>
#include <arpent/allocator.hpp>

namespace face_detection {

// XNNPACK has one allocator a process and does not tell it what a block is for; who calls XNNPACK knows. Each
// block remembers the allocator that it came from, because it may be given back when another one is current.
// Not for several threads at once.
class EngineMemory {
 public:
  explicit EngineMemory(ar::Allocator first) noexcept : current_(first) {}
  EngineMemory(const EngineMemory&) = delete;
  EngineMemory& operator=(const EngineMemory&) = delete;

  // From now on; blocks that are there stay where they are.
  void use(ar::Allocator next) noexcept { current_ = next; }

  // For xnn_initialize. Valid as long as this object is, which must outlive XNNPACK's blocks.
  [[nodiscard]] const xnn_allocator* for_xnnpack() noexcept { return &functions_; }

 private:
  void* allocate(std::size_t alignment, std::size_t size) noexcept;
  void* reallocate(void* block, std::size_t size) noexcept;
  static void release(void* block) noexcept;

  ar::Allocator current_;
  xnn_allocator functions_{
      .context = this,
      .allocate = [](void* self,
                     std::size_t size) { return static_cast<EngineMemory*>(self)->allocate(1, size); },
      .reallocate =
          [](void* self, void* block, std::size_t size) {
            return static_cast<EngineMemory*>(self)->reallocate(block, size);
          },
      .deallocate = [](void* /*self*/, void* block) { release(block); },
      .aligned_allocate =
          [](void* self, std::size_t alignment, std::size_t size) {
            return static_cast<EngineMemory*>(self)->allocate(alignment, size);
          },
      .aligned_deallocate = [](void* /*self*/, void* block) { release(block); }};
};

}  // namespace face_detection
