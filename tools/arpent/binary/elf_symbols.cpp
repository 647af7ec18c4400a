#include "arpent/binary/elf_symbols.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "platform/sanitizer_marks.hpp"

namespace ar::command::binary {
namespace {

constexpr std::array malloc_family{
    std::string_view{"malloc"},         std::string_view{"calloc"},        std::string_view{"realloc"},
    std::string_view{"reallocarray"},   std::string_view{"free"},          std::string_view{"cfree"},
    std::string_view{"posix_memalign"}, std::string_view{"aligned_alloc"}, std::string_view{"memalign"},
    std::string_view{"valloc"},         std::string_view{"pvalloc"},       std::string_view{"strdup"},
    std::string_view{"strndup"},        std::string_view{"__strdup"},      std::string_view{"__strndup"}};

// Those by which a program asks a C library for memory.
constexpr std::array<std::string_view, 6> allocating_names{"malloc",        "calloc",         "realloc",
                                                           "aligned_alloc", "posix_memalign", "memalign"};

bool is_among(std::string_view name, auto& names) { return std::ranges::find(names, name) != names.end(); }

// "operator new[]" of "_Znam…"; empty for other names.
std::string_view operator_name(std::string_view symbol) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> starts{
      {{"_Znw", "operator new"},
       {"_Zna", "operator new[]"},
       {"_Zdl", "operator delete"},
       {"_Zda", "operator delete[]"}}};
  // "_Znwm", "_ZdlPv…": not a function whose own name begins in the same way.
  for (const auto& [start, name] : starts) {
    if (symbol.starts_with(start) && symbol.size() > start.size() &&
        (symbol[start.size()] == 'm' || symbol[start.size()] == 'j' ||
         symbol.substr(start.size()).starts_with("Pv"))) {
      return name;
    }
  }
  return {};
}

void record_definition(const Symbol& symbol, ElfFile& file) {
  const std::string_view name = symbol.name;
  if (name == "malloc" && symbol.may_be_code) {
    file.defines_malloc = true;
    file.exports_malloc = file.exports_malloc || symbol.is_dynamic;
  }
  file.defines_ar_heap = file.defines_ar_heap || name == "ar_heap__malloc";
  file.contains_arpent = file.contains_arpent || name == "arpent__version";
  file.defines_libc_malloc = file.defines_libc_malloc || name == "__libc_malloc";
  file.only_intermediate_code = file.only_intermediate_code || name == "__gnu_lto_slim";
}

void record_call(std::string_view name, DirectCalls& calls) {
  if (is_among(name, malloc_family)) {
    calls.malloc_family.emplace(name.starts_with("__") ? name.substr(2) : name);
  } else if (const std::string_view shown = operator_name(name); !shown.empty()) {
    calls.operators.emplace(shown);
  } else if (name.starts_with("ar_heap__")) {
    calls.ar_heap.emplace(name);
  }
}

void record_zig_allocator(std::string_view name, ElfFile& file) {
  if (name.starts_with("heap.general_purpose_allocator.General") ||
      name.starts_with("heap.debug_allocator.Debug")) {
    file.built_by_zig = true;
    file.zig_allocator = "GeneralPurposeAllocator";
  } else if (name.starts_with("heap.PageAllocator.")) {
    file.built_by_zig = true;
    if (file.zig_allocator.empty()) {
      file.zig_allocator = "page_allocator";
    }
  }
}

void record_sanitizer(const Symbol& symbol, ElfFile& file) {
  file.refers_to_sanitizer =
      file.refers_to_sanitizer || symbol.name.starts_with(platform::static_sanitizer_reference);
  // Undefined if the runtime is a library; a weak reference only asks whether there is one.
  if (!file.sanitizer.empty() || (!symbol.is_defined && symbol.is_weak)) {
    return;
  }
  for (const platform::SanitizerMark& mark : platform::sanitizer_marks) {
    if (symbol.name == mark.symbol) {
      file.sanitizer = mark.name;
    }
  }
}

}  // namespace

void record_symbol(const Symbol& symbol, ElfFile& file) {
  if (symbol.is_defined) {
    record_definition(symbol, file);
  } else {
    record_call(symbol.name, file.calls);
  }
  if (symbol.name.starts_with("heap.")) {
    record_zig_allocator(symbol.name, file);
  } else if (symbol.name.starts_with("__")) {
    file.has_libc = file.has_libc || symbol.name.starts_with("__libc_");
    record_sanitizer(symbol, file);
  } else {
    file.names_malloc = file.names_malloc || is_among(symbol.name, allocating_names);
  }
}

std::string_view sanitizer_of_library(std::string_view library) {
  for (const platform::SanitizerMark& mark : platform::sanitizer_marks) {
    for (const auto& start : mark.libraries) {
      if (library.starts_with(start)) {
        return mark.name;
      }
    }
  }
  return {};
}

void recognize_libraries(ElfFile& file) {
  file.has_libc = file.has_libc || !file.needed.empty();
  for (const std::string& needed : file.needed) {
    if (file.sanitizer.empty()) {
      file.sanitizer = sanitizer_of_library(needed);
    }
  }
  if (file.sanitizer.empty() && file.exports_malloc && file.refers_to_sanitizer) {
    file.sanitizer = "a sanitizer";
  }
}

}  // namespace ar::command::binary
