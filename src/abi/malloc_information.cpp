// The rest of glibc's malloc family: asking and tuning. Complete, so that a fully static program takes
// nothing of it from the C library (which would bring a second malloc).
#include <malloc.h>

#include <cerrno>
#include <cstdio>

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "abi/foreign.hpp"
#include "abi/own_functions.hpp"
#include "heap/allocate.hpp"
#include "heap/resize.hpp"
#include "heap/statistics.hpp"
#include "platform/text.hpp"

ARPENT_EXPORT_C std::size_t malloc_usable_size(void* pointer) noexcept {
  const ar::heap::Page* page = pointer == nullptr ? nullptr : ar::heap::page_of(pointer);
  return page == nullptr ? ar::abi::usable_size_of_foreign(pointer) : ar::heap::usable_size(page);
}

ARPENT_EXPORT_C int malloc_trim(std::size_t) noexcept { return ar::abi::serving_copy().trim() ? 1 : 0; }

// glibc's tuning parameters have no counterpart here; taken as the hints they are.
ARPENT_EXPORT_C int mallopt(int, int) noexcept { return 1; }

ARPENT_EXPORT_C struct mallinfo2 mallinfo2() noexcept {
  const ar::heap::Statistics now = ar::abi::serving_copy().statistics();
  struct mallinfo2 information = {};
  information.arena = now.mapped_in_segments;
  information.hblks = now.mappings;
  information.hblkhd = now.mapped_alone;
  information.uordblks = now.used;
  information.fordblks = now.mapped_in_segments > now.used ? now.mapped_in_segments - now.used : 0;
  information.keepcost = now.free_kept;
  return information;
}

ARPENT_EXPORT_C struct mallinfo mallinfo() noexcept {
  const struct mallinfo2 wide = mallinfo2();
  struct mallinfo information = {};
  information.arena = static_cast<int>(wide.arena);
  information.hblks = static_cast<int>(wide.hblks);
  information.hblkhd = static_cast<int>(wide.hblkhd);
  information.uordblks = static_cast<int>(wide.uordblks);
  information.fordblks = static_cast<int>(wide.fordblks);
  information.keepcost = static_cast<int>(wide.keepcost);
  return information;
}

ARPENT_EXPORT_C void malloc_stats() noexcept {
  const ar::heap::Statistics now = ar::abi::serving_copy().statistics();
  ar::platform::TextWriter out(2);
  out.text("system bytes     = ").number(now.mapped_in_segments + now.mapped_alone);
  out.text("\nin use bytes     = ").number(now.used);
  out.text("\nfree bytes kept  = ").number(now.free_kept).text("\n");
}

ARPENT_EXPORT_C int malloc_info(int options, FILE* stream) noexcept {
  if (options != 0) {
    return EINVAL;
  }
  const ar::heap::Statistics now = ar::abi::serving_copy().statistics();
  std::fprintf(
      stream,
      "<malloc version=\"arpent\">\n<system type=\"current\" size=\"%zu\"/>\n<in-use size=\"%zu\"/>\n"
      "<free-kept size=\"%zu\"/>\n<mmap count=\"%zu\" size=\"%zu\"/>\n</malloc>\n",
      now.mapped_in_segments + now.mapped_alone, now.used, now.free_kept, now.mappings, now.mapped_alone);
  return 0;
}

ARPENT_OWN(malloc_usable_size);
ARPENT_OWN(malloc_trim);
