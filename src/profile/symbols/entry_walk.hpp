// The entries of debug information in the order of their bytes.
//
// elfutils follows the attributes of a damaged file that lead from an entry to its sibling wherever they
// lead, also back. Here each step leads forward, so that a walk ends after as many steps as there are bytes.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ar::profile {

// Where the sections end that entries stand in.
class SectionEnds {
 public:
  // Null if the entry is in no section.
  [[nodiscard]] const unsigned char* after(Dwarf_Die& entry);

 private:
  struct Content {
    const unsigned char* start;
    const unsigned char* end;
  };
  std::vector<Content> known_;
};

// All entries below one entry. `left` bounds the steps.
class EntryWalk {
 public:
  // Of what stands in a unit.
  struct Sizes {
    std::size_t version;
    std::size_t address;
    std::size_t offset;
  };

  EntryWalk(Dwarf_Die& scope, SectionEnds& ends, std::uint64_t& left);

  // False at the end. Enters the children of the present entry, unless skip_children() was called for it.
  [[nodiscard]] bool next();

  [[nodiscard]] Dwarf_Die& entry() { return entry_; }
  void skip_children() { skips_children_ = true; }
  // The walk ends with the children of the present entry.
  void narrow() { end_depth_ = depth_; }

  // Whether the walk ended early: the steps were used up, or the entries are damaged.
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  bool step();
  bool cut();

  Dwarf_Die entry_;
  const unsigned char* end_;  // of the unit, null if it is damaged
  Sizes sizes_{};
  std::uint64_t& left_;
  std::uint64_t depth_ = 0;  // 0: the scope
  std::uint64_t end_depth_ = 0;
  bool skips_children_ = false;
  bool is_cut_ = false;
};

}  // namespace ar::profile
