#include "profile/symbols.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "profile/function_name.hpp"
#include "profile/text_format.hpp"

namespace ar::profile {
namespace {

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string place(const std::string& path, std::uint32_t line) {
  return line == 0 ? printable(path) : fmt::format("{}:{}", printable(path), line);
}

std::string function_or_unknown(const Frame& frame) {
  return frame.function.empty() ? std::string{"(unknown function)"} : printable(short_name(frame.function));
}

std::string without_debug_information(const Location& location) {
  if (location.module.empty()) {
    return fmt::format("{:#x} (in no module)", location.offset);
  }
  const std::string module = printable(file_name(location.module));
  if (!location.symbol.empty()) {
    return fmt::format("{}+{:#x} ({})", printable(short_name(location.symbol)), location.symbol_offset,
                       module);
  }
  return fmt::format("{}+{:#x}", module, location.offset);
}

// The function that the user frame's code was inlined into, passing over what is the library's.
std::string_view inlined_into(const Location& location) {
  if (!location.frames[location.user_frame].inlined) {
    return {};
  }
  return location.frames.back().function;
}

}  // namespace

DebugModule* Symbolizer::module(const std::string& path, const std::string& build_id) {
  const auto [entry, is_new] = modules_.try_emplace({path, build_id});
  if (is_new) {
    entry->second = DebugModule::open(path, build_id);
  }
  return entry->second.get();
}

Location Symbolizer::locate(const std::string& module_path, const std::string& build_id,
                            std::uint64_t return_offset) {
  Location location;
  location.module = module_path;
  location.offset = return_offset;
  DebugModule* found = return_offset == 0 ? nullptr : module(module_path, build_id);
  if (found == nullptr) {
    return location;
  }
  const std::uint64_t call = return_offset - 1;
  location.frames = found->frames(call);
  if (location.frames.empty() || location.frames.back().function.empty()) {
    if (auto symbol = found->symbol(call)) {
      if (!location.frames.empty()) {
        location.frames.back().function = std::move(symbol->name);
      } else {
        location.symbol = std::move(symbol->name);
        location.symbol_offset = symbol->offset + 1;
      }
    }
  }
  for (std::size_t i = 0; i < location.frames.size(); ++i) {
    location.user_frame = i;
    if (!is_wrapper(location.frames[i].function, location.frames[i].file)) {
      break;
    }
  }
  return location;
}

Location Symbolizer::locate(const Profile& profile, const Site& site) {
  if (site.address == 0) {
    return {};
  }
  if (!site.module) {
    Location location;
    location.offset = site.address;
    return location;
  }
  const Module& module = profile.modules.at(*site.module);
  return locate(module.path, module.build_id, site.address - module.load_bias);
}

std::string one_line(const Location& location) {
  if (location.frames.empty()) {
    return without_debug_information(location);
  }
  const Frame& frame = location.frames[location.user_frame];
  std::string line =
      fmt::format("{}  {}", function_or_unknown(frame), place(shown_path(frame.file), frame.line));
  if (const std::string_view outer = inlined_into(location); !outer.empty()) {
    line += fmt::format("  (inlined into {})", printable(short_name(outer)));
  }
  return line;
}

std::string function_at_place(const Location& location) {
  if (location.frames.empty()) {
    return without_debug_information(location);
  }
  const Frame& frame = location.frames[location.user_frame];
  if (frame.file.empty()) {
    return function_or_unknown(frame);
  }
  return fmt::format("{} at {}", function_or_unknown(frame), place(frame.file, frame.line));
}

std::string place_alone(const Location& location) {
  if (location.frames.empty() || location.frames[location.user_frame].file.empty()) {
    return function_at_place(location);
  }
  const Frame& frame = location.frames[location.user_frame];
  return place(frame.file, frame.line);
}

std::string shown_path(const std::string& path) {
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  if (!error && here.size() > 1 && path.starts_with(here) && path.size() > here.size() + 1 &&
      path[here.size()] == '/') {
    return path.substr(here.size() + 1);
  }
  return path;
}

}  // namespace ar::profile
