// Which pages of this process hold anything, so that huge mappings of which little is used cost little to
// read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/proc_file.hpp"

namespace ar::platform {

enum class Pages : std::uint8_t {
  written,  // this process's own content: not a file's, not untouched zeros. For private mappings.
  present,  // whatever is in memory or swapped out. For shared mappings.
};

// How the kernel is asked, best first.
enum class PageSource : std::uint8_t {
  scan,       // PAGEMAP_SCAN, Linux 6.7: holes of any size cost nothing
  page_map,   // /proc/self/pagemap: 8 bytes a page
  residency,  // mincore: cannot tell file pages from written ones; pages swapped out are missed
  none,       // every page is taken to be present
};

// Not thread-safe. 2 KiB, so not for small stacks.
class PageRuns {
 public:
  // Uses the best source there is that is not better than `best`.
  explicit PageRuns(PageSource best = PageSource::scan) noexcept;

  [[nodiscard]] PageSource source() const noexcept { return source_; }
  [[nodiscard]] bool can_tell_written() const noexcept { return source_ <= PageSource::page_map; }

  // Starts on [start, end), which is mapped. Either may lie inside a page.
  void begin(std::uintptr_t start, std::uintptr_t end, Pages which) noexcept;

  // The next run of such pages, cut to what begin() was given. False when there is no more.
  [[nodiscard]] bool next(std::uintptr_t& run_start, std::uintptr_t& run_end) noexcept;

 private:
  struct Region {  // as the kernel fills it in
    std::uint64_t start, end, categories;
  };
  static constexpr std::size_t most_regions_ = 64;
  static constexpr std::size_t most_pages_ = 64;

  void refill() noexcept;
  bool refill_by_scan() noexcept;
  bool refill_by_page_map() noexcept;
  bool refill_by_residency() noexcept;
  void add_page(std::uintptr_t page) noexcept;

  ProcFile page_map_;
  PageSource source_;
  Pages which_ = Pages::written;
  std::uintptr_t start_ = 0;
  std::uintptr_t end_ = 0;
  std::uintptr_t asked_to_ = 0;  // the regions are all that there is below
  std::size_t region_count_ = 0;
  std::size_t region_next_ = 0;
  std::size_t page_bytes_;
  Region regions_[most_regions_];
};

}  // namespace ar::platform
