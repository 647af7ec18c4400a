// Which line tables may be read.
//
// elfutils makes some hundred bytes of each byte of a line table, and tables can share their bytes.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <map>
#include <utility>

namespace ar::profile {

class LineTables {
 public:
  // Whether the line table of the unit is among those that `bytes_left` has room for. A table is counted
  // once.
  [[nodiscard]] bool allow(Dwarf_Die& unit, std::uint64_t& bytes_left);

 private:
  std::map<std::pair<const void*, std::uint64_t>, bool> allowed_;  // by file and offset
};

}  // namespace ar::profile
