#include "platform/page_runs.hpp"

#include <sys/auxv.h>
#include <sys/syscall.h>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

// The kernel's interface of PAGEMAP_SCAN; headers older than Linux 6.7 lack it.
struct ScanArguments {
  std::uint64_t size, flags, start, end, walk_end, regions, region_count, most_pages;
  std::uint64_t category_inverted, category_mask, category_any, category_return;
};
constexpr long scan_request = 0xc0606610;
constexpr std::uint64_t category_file = 1U << 2U;
constexpr std::uint64_t category_present = 1U << 3U;
constexpr std::uint64_t category_swapped = 1U << 4U;
constexpr std::uint64_t category_zero = 1U << 5U;

// Bits of an entry of /proc/self/pagemap.
constexpr std::uint64_t entry_present = std::uint64_t{1} << 63U;
constexpr std::uint64_t entry_swapped = std::uint64_t{1} << 62U;
constexpr std::uint64_t entry_file = std::uint64_t{1} << 61U;

}  // namespace

PageRuns::PageRuns(PageSource best) noexcept
    : page_map_("/proc/thread-self/pagemap"), source_(best), page_bytes_(getauxval(AT_PAGESZ)) {
  if (source_ <= PageSource::page_map && !page_map_.is_open()) {
    source_ = PageSource::residency;
  }
}

void PageRuns::begin(std::uintptr_t start, std::uintptr_t end, Pages which) noexcept {
  start_ = start;
  end_ = end;
  which_ = which;
  asked_to_ = round_down(start, page_bytes_);
  region_count_ = 0;
  region_next_ = 0;
}

bool PageRuns::next(std::uintptr_t& run_start, std::uintptr_t& run_end) noexcept {
  while (region_next_ == region_count_) {
    if (asked_to_ >= end_) {
      return false;
    }
    refill();
  }
  const Region& region = regions_[region_next_++];
  run_start = region.start < start_ ? start_ : region.start;
  run_end = region.end > end_ ? end_ : region.end;
  return true;
}

void PageRuns::refill() noexcept {
  region_count_ = 0;
  region_next_ = 0;
  if (source_ == PageSource::scan && !refill_by_scan()) {
    source_ = PageSource::page_map;
  }
  if (source_ == PageSource::page_map && !refill_by_page_map()) {
    source_ = PageSource::residency;
  }
  if (source_ == PageSource::residency && !refill_by_residency()) {
    source_ = PageSource::none;
  }
  if (source_ == PageSource::none) {
    regions_[0] = {asked_to_, round_up(end_, page_bytes_), 0};
    region_count_ = 1;
    asked_to_ = end_;
  }
}

bool PageRuns::refill_by_scan() noexcept {
  ScanArguments arguments{};
  arguments.size = sizeof arguments;
  arguments.start = asked_to_;
  arguments.end = round_up(end_, page_bytes_);
  arguments.regions = reinterpret_cast<std::uintptr_t>(regions_);
  arguments.region_count = most_regions_;
  if (which_ == Pages::written) {
    arguments.category_mask = category_file | category_zero;
    arguments.category_inverted = category_file | category_zero;
  }
  arguments.category_any = category_present | category_swapped;
  arguments.category_return = category_present;
  const long count =
      system_call(SYS_ioctl, page_map_.descriptor(), scan_request, reinterpret_cast<long>(&arguments));
  if (count < 0) {
    return false;
  }
  region_count_ = static_cast<std::size_t>(count);
  asked_to_ = arguments.walk_end;
  return true;
}

bool PageRuns::refill_by_page_map() noexcept {
  std::uint64_t entries[most_pages_];
  const std::size_t left = (round_up(end_, page_bytes_) - asked_to_) / page_bytes_;
  const std::size_t wanted = left < most_pages_ ? left : most_pages_;
  const long got =
      page_map_.read_at(asked_to_ / page_bytes_ * sizeof entries[0], entries, wanted * sizeof entries[0]);
  if (got <= 0) {
    return false;
  }
  const std::size_t count = static_cast<std::size_t>(got) / sizeof entries[0];
  for (std::size_t i = 0; i < count; ++i) {
    const bool there = (entries[i] & (entry_present | entry_swapped)) != 0;
    if (there && (which_ == Pages::present || (entries[i] & entry_file) == 0)) {
      add_page(asked_to_ + i * page_bytes_);
    }
  }
  asked_to_ += count * page_bytes_;
  return count != 0;
}

bool PageRuns::refill_by_residency() noexcept {
  unsigned char resident[most_pages_];
  const std::size_t left = (round_up(end_, page_bytes_) - asked_to_) / page_bytes_;
  const std::size_t count = left < most_pages_ ? left : most_pages_;
  if (system_call(SYS_mincore, asked_to_, count * page_bytes_, reinterpret_cast<long>(resident)) != 0) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((resident[i] & 1U) != 0) {
      add_page(asked_to_ + i * page_bytes_);
    }
  }
  asked_to_ += count * page_bytes_;
  return true;
}

void PageRuns::add_page(std::uintptr_t page) noexcept {
  if (region_count_ != 0 && regions_[region_count_ - 1].end == page) {
    regions_[region_count_ - 1].end += page_bytes_;
    return;
  }
  regions_[region_count_++] = {page, page + page_bytes_, 0};
}

}  // namespace ar::platform
