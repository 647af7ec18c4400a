// What stands behind ar::GeneralPurposeAllocator, compiled once into libarpent-allocators.a. For that class
// only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::detail::general_purpose {

// How the core gets memory: an ar::Allocator, without its types. Sizes and alignments are bytes.
struct Backing {
  void* context[2];
  void* (*allocate)(const Backing& backing, std::size_t size, std::size_t alignment) noexcept;
  bool (*resize)(const Backing& backing, void* block, std::size_t old_size, std::size_t new_size,
                 std::size_t alignment) noexcept;
  void* (*remap)(const Backing& backing, void* block, std::size_t old_size, std::size_t new_size,
                 std::size_t alignment) noexcept;
  void (*release)(const Backing& backing, void* block, std::size_t size, std::size_t alignment) noexcept;
  bool fresh_mappings;  // blocks are zeroed mappings of their own, whose protection is for us to change
};

struct Settings {
  bool safety = true;
  bool thread_safe = true;
  bool never_reuse = false;
  bool retain_metadata = false;
  bool abort_on_misuse = false;
  std::uint32_t stack_frames = 6;
  std::size_t memory_limit = SIZE_MAX;  // bytes requested and not released
};

struct State;

// Everything lies in memory of the backing. Thread safety as Settings says, for all but end() and the
// destructor.
class [[gnu::visibility("default")]] Core {
 public:
  constexpr Core(const Settings& settings, const Backing& backing) noexcept
      : settings_(settings), backing_(backing) {}
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // `description` is copied; null when there is none. Null when there is no memory or the limit is reached.
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment, const char* description) noexcept;
  [[nodiscard]] bool resize(void* block, std::size_t old_size, std::size_t new_size,
                            std::size_t alignment) noexcept;
  // Also moves a large block where its memory can be remapped. Null: copy it yourself.
  [[nodiscard]] void* remap(void* block, std::size_t old_size, std::size_t new_size,
                            std::size_t alignment) noexcept;
  void release(void* block, std::size_t size, std::size_t alignment) noexcept;
  // The same without safety, in fewer steps.
  [[nodiscard]] void* allocate_unchecked(std::size_t size, std::size_t alignment) noexcept;
  void release_unchecked(void* block, std::size_t size, std::size_t alignment) noexcept;

  // Whether `pointer` lies in memory of this allocator, in a block or between blocks.
  [[nodiscard]] bool owns(const void* pointer) const noexcept;
  // Bytes requested and not released; counted where there is a limit, else 0.
  [[nodiscard]] std::size_t requested_bytes() const noexcept;

  // Tells of every leak (with safety), gives all memory back, and begins anew. True when nothing leaked.
  bool end() noexcept;

 private:
  [[nodiscard]] State* state() noexcept;

  Settings settings_;
  Backing backing_;
  State* state_ = nullptr;  // made with the first block
};

}  // namespace ar::detail::general_purpose
