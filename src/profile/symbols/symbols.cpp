#include "profile/symbols/symbols.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "profile/model/text_format.hpp"
#include "profile/symbols/files_by_build_id.hpp"
#include "profile/symbols/function_name.hpp"

namespace ar::profile {
namespace {

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

// The code of these comes with the kernel, not from a file.
bool is_virtual(std::string_view path) {
  return path.empty() || path.starts_with('[') || path.contains("vdso");
}

std::string why_unnamed(const std::string& path, const std::string& build_id) {
  if (is_virtual(path)) {
    return {};
  }
  std::error_code error;
  const std::string_view elsewhere = build_id.empty() ? "" : ", and it is not to be had by its build id";
  if (!std::filesystem::exists(path, error)) {
    return fmt::format("{} is not on this machine{}: its functions are not named.", printable(path),
                       elsewhere);
  }
  if (build_id.empty()) {
    return fmt::format("{} cannot be read as an ELF file: its functions are not named.", printable(path));
  }
  return fmt::format(
      "{} is another build than the one that was recorded (build id {}){}: its functions are "
      "not named.",
      printable(path), build_id, elsewhere);
}

// The function that the user frame's code was inlined into, passing over what is the library's.
std::string_view inlined_into(const Location& location) {
  if (!location.frames[location.user_frame].inlined) {
    return {};
  }
  return location.frames.back().function;
}

}  // namespace

Symbolizer::OpenModule& Symbolizer::module(const std::string& path, const std::string& build_id) {
  const auto [entry, is_new] = modules_.try_emplace({path, build_id});
  OpenModule& opened = entry->second;
  if (!is_new) {
    return opened;
  }
  opened.debug = DebugModule::open(path, build_id);
  for (const std::string& other : opened.debug ? std::vector<std::string>{} : files_by_build_id(build_id)) {
    opened.debug = DebugModule::open(other, build_id);
    if (opened.debug) {
      break;
    }
  }
  if (!opened.debug) {
    opened.problem = why_unnamed(path, build_id);
  }
  return opened;
}

const Location& Symbolizer::locate(const std::string& module_path, const std::string& build_id,
                                   std::uint64_t return_offset) {
  OpenModule& opened = module(module_path, build_id);
  const auto [entry, is_new] = opened.locations.try_emplace(return_offset);
  Location& location = entry->second;
  if (!is_new) {
    return location;
  }
  location.module = module_path;
  location.offset = return_offset;
  DebugModule* const found = return_offset == 0 ? nullptr : opened.debug.get();
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
        location.only_wrappers = is_wrapper(location.symbol, {});
      }
    }
  }
  for (std::size_t i = 0; i < location.frames.size(); ++i) {
    location.user_frame = i;
    location.only_wrappers = is_wrapper(location.frames[i].function, location.frames[i].file);
    if (!location.only_wrappers) {
      break;
    }
  }
  return location;
}

const Location& Symbolizer::locate(const Profile& profile, std::optional<std::size_t> module,
                                   std::uint64_t address) {
  if (module) {
    const Module& holder = profile.modules.at(*module);
    return locate(holder.path, holder.build_id, address - holder.load_bias);
  }
  Location& location = outside_[address];
  location.offset = address;
  return location;
}

const Location& Symbolizer::locate(const Profile& profile, const Site& site) {
  return locate(profile, site.address == 0 ? std::nullopt : site.module, site.address);
}

bool Symbolizer::has(const Module& wanted) { return module(wanted.path, wanted.build_id).debug != nullptr; }

std::vector<std::string> Symbolizer::problems() const {
  std::vector<std::string> sentences;
  for (const auto& [name, opened] : modules_) {
    if (!opened.problem.empty()) {
      sentences.push_back(opened.problem);
    }
  }
  return sentences;
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
