// A module that the loader has opened, as its dynamic section describes it: what it calls and what it
// defines, and changing where these lead.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

#include "platform/loaded_module.hpp"

namespace ar::abi {

class OpenedModule {
 public:
  // False if the module has no symbols.
  [[nodiscard]] bool read(const ElfW(Dyn) * dynamic) noexcept;

  // An entry of the module's for a symbol, which the loader fills in when it opens the module or later.
  struct Entry {
    const char* name;
    std::uintptr_t* place;
  };
  template <typename Visit>
  void for_each_entry(Visit visit) const noexcept {
    for (const Table& table : tables_) {
      for (std::size_t i = 0; table.start != nullptr && i < table.size / sizeof(ElfW(Rela)); ++i) {
        Entry entry;
        if (read_entry(table.start[i], entry)) {
          visit(entry);
        }
      }
    }
  }
  void write(const Entry& entry, const void* function) const noexcept;

  // Null if the module does not define the symbol.
  [[nodiscard]] const void* find(const char* name) const noexcept;

  // Makes every symbol of this name that the module defines lead to the function, in look-ups from now on.
  void redefine(const char* name, const void* function) const noexcept;

 private:
  struct Table {
    const ElfW(Rela) * start;
    std::size_t size;
  };

  void find_segments() noexcept;
  [[nodiscard]] bool read_entry(const ElfW(Rela) & relocation, Entry& entry) const noexcept;
  void write_word(std::uintptr_t* place, std::uintptr_t value) const noexcept;
  [[nodiscard]] bool may_execute(std::uintptr_t address) const noexcept;
  // The next one of this name and of a higher index than `after`, which the module defines; 0 if there is
  // none.
  [[nodiscard]] std::uint32_t find_symbol(const char* name, std::uint32_t after) const noexcept;

  platform::LoadedModule loaded_;
  const ElfW(Phdr) * segments_ = nullptr;
  std::size_t segment_count_ = 0;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* names_ = nullptr;
  const std::uint32_t* hash_table_ = nullptr;
  Table tables_[2] = {};
};

}  // namespace ar::abi
