// The C API of arpent/heap_watch.h.
#include "arpent/heap_watch.h"

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "abi/message.hpp"
#include "platform/loaded_module.hpp"
#include "platform/symbolizing.hpp"

namespace {

using ar::heap::HeapWatch;

static_assert(sizeof(ar_heap__watch) == sizeof(HeapWatch));
static_assert(offsetof(ar_heap__watch, first) == offsetof(HeapWatch, first));

HeapWatch& inner(ar_heap__watch* watch) noexcept { return *reinterpret_cast<HeapWatch*>(watch); }

void write_first(const void* context, ar::platform::TextWriter& out, ar::platform::Places places) noexcept {
  const std::uintptr_t first = static_cast<const ar_heap__watch*>(context)->first;
  out.text("arpent: the first allocation where none is expected is ");
  ar::platform::LoadedModule in;  // not the profile's: there is none when nothing is tracked
  char absolute[4096];
  if (!ar::platform::find_loaded_module(first - 1, in)) {
    out.text("at ").hex(first - 1);
    return;
  }
  const char* const path = ar::platform::module_path(in.path, absolute, sizeof absolute);
  if (places == ar::platform::Places::for_symbolizing) {
    out.text("in ");
    ar::platform::write_address(out, {path, in.build_id, in.build_id_size, first - in.load_bias},
                                ar::platform::Shown::function_and_place);
  } else {
    out.text("at ").printable(path).text("+").hex(first - 1 - in.load_bias);
  }
}

}  // namespace

ARPENT_EXPORT_C int ar_heap__watch_begin(ar_heap__watch* watch) noexcept {
  return ar::abi::serving_copy().begin_watch(inner(watch)) ? 1 : 0;
}

ARPENT_EXPORT_C void ar_heap__watch_end(ar_heap__watch* watch) noexcept {
  ar::abi::serving_copy().end_watch(inner(watch));
}

ARPENT_EXPORT_C void ar_heap__watch_tell(const ar_heap__watch* watch) noexcept {
  if (watch->first != 0) {
    ar::abi::print_message(&write_first, watch);
  }
}
