#include "abi/symbolizer.hpp"

#include <cstring>

#include "abi/process_options.hpp"
#include "track/region/mode.hpp"
#include "track/region/strings.hpp"
#include "track/sites/modules.hpp"

namespace ar::abi {

bool write_address(platform::TextWriter& out, std::uintptr_t address, std::uint32_t module,
                   platform::Shown shown) noexcept {
  const track::ModuleRecord* const in = track::module(module);
  if (in == nullptr) {
    out.hex(address);
    return false;
  }
  return platform::write_address(
      out, {track::text(in->path), track::build_id_of(*in), in->build_id_size, address - in->load_bias},
      shown);
}

platform::SymbolizerSearch symbolizer_search() noexcept {
  const track::ModuleRecord* const own =
      track::module(track::module_of(reinterpret_cast<std::uintptr_t>(&symbolizer_search)));
  const char* const library = own == nullptr ? nullptr : track::text(own->path);
  // Linked into the program: what lies beside that is none of ours.
  const bool is_program =
      library != nullptr && std::strcmp(library, track::text(track::profile()->program)) == 0;
  return {process_options.symbolizer, is_program ? nullptr : library};
}

}  // namespace ar::abi
