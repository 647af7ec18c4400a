// Where a report goes: a regular file, which is replaced as a whole, or something to write to directly.
//
// Uses static memory, no stack to speak of: one thread at a time (the report's lock), signals blocked.
#pragma once

#include <cstddef>

namespace ar::abi {

// Relative paths start from the directory that the program was started in, wherever it went since.

// A file of ours that has not got its name yet, or memory that behaves as one.
class ScratchFile {
 public:
  ~ScratchFile() { discard(); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  // Empties it. 0, or errno.
  [[nodiscard]] int clear() const noexcept;

 private:
  friend class ReportFile;
  ScratchFile(char* path, std::size_t capacity) noexcept : path_(path), capacity_(capacity) {}
  void discard() noexcept;

  char* path_;  // empty for memory, and after it got its name
  std::size_t capacity_;
  int descriptor_ = -1;
};

// One report's way to its place. Nothing is left behind when it is given up before deliver().
class ReportFile {
 public:
  // `path` as the user gave it. `number`: appended as ".NUMBER" to the names of regular files; 0 for none.
  ReportFile(const char* path, unsigned number) noexcept;
  ~ReportFile();
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  // What keeps the report from being written there, in words; null when nothing does.
  [[nodiscard]] const char* obstacle() const noexcept { return obstacle_; }
  [[nodiscard]] int error() const noexcept { return error_; }  // errno to `obstacle`, or 0

  // Notes that the report did not get there, and why, and removes what there is of it. Returns false.
  bool fail(const char* obstacle, int error) noexcept;

  // The path to tell the user: as given when it leads there from the present directory, else absolute.
  [[nodiscard]] const char* shown_path() const noexcept { return shown_; }

  // Two files to work in, empty, mode 0600, in the folder of the report. False, and obstacle(), when they
  // cannot be had.
  [[nodiscard]] bool open_scratch() noexcept;
  [[nodiscard]] ScratchFile& raw() noexcept { return raw_; }
  [[nodiscard]] ScratchFile& symbolized() noexcept { return symbolized_; }

  // Puts the file's content in place. False, and obstacle().
  [[nodiscard]] bool deliver(ScratchFile& file) noexcept;

 private:
  void resolve(const char* path, unsigned number) noexcept;
  bool is_descriptor(const char* path) noexcept;
  void open_directly() noexcept;
  bool open_scratch(ScratchFile& file) noexcept;
  bool copy_directly(const ScratchFile& file) noexcept;

  const char* obstacle_ = nullptr;
  int error_ = 0;
  int direct_ = -1;  // write here; -1: replace the file at the path
  bool close_direct_ = false;
  const char* shown_ = "";
  ScratchFile raw_;
  ScratchFile symbolized_;
};

}  // namespace ar::abi
