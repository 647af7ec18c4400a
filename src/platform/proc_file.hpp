// Files of the kernel's process file system, read without the C library's streams.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

// A descriptor that closes itself. Where the process has used up its descriptors, the soft limit is raised
// for the moment of opening, if the hard one allows.
class ProcFile {
 public:
  explicit ProcFile(const char* path, int more_flags = 0) noexcept;
  ~ProcFile();
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return static_cast<int>(descriptor_); }

  // Bytes read, 0 at the end, negative errno on failure.
  [[nodiscard]] long read(void* buffer, std::size_t size) const noexcept;

  // The same at an offset.
  [[nodiscard]] long read_at(std::uint64_t offset, void* buffer, std::size_t size) const noexcept;

  // The whole of a small file, ended by NUL; cut off at size - 1 bytes. False when nothing could be read.
  [[nodiscard]] bool read_text(char* buffer, std::size_t size) const noexcept;

 private:
  long descriptor_;
};

// Whether a seccomp filter watches the calling thread: then system calls that few programs make may end the
// process. True also when that cannot be told.
[[nodiscard]] bool system_calls_are_filtered() noexcept;

}  // namespace ar::platform
