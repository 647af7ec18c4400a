#include "profile/symbols/symbols.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "profile/model/text_format.hpp"
#include "profile/symbols/demangled_name.hpp"
#include "profile/symbols/files_by_build_id.hpp"
#include "profile/symbols/function_name.hpp"

namespace ar::profile {
namespace {

constexpr std::size_t usual_text = 256;
constexpr std::size_t most_long_text = std::size_t{64} << 20U;
constexpr std::size_t most_text_of_sites = std::size_t{128} << 20U;
constexpr std::size_t deepest_inlining = 256;
constexpr std::size_t usual_inlining = 8;
constexpr std::size_t most_inlined = std::size_t{1} << 20U;
constexpr std::size_t most_inlined_of_sites = std::size_t{1} << 21U;

std::string place(const std::string& path, std::uint32_t line) {
  return line == 0 ? printable(path) : fmt::format("{}:{}", printable(path), line);
}

// A frame as the debug information or the symbol table has it, with its name.
StackFrame named(Frame frame, const std::string& module, std::uint64_t offset) {
  StackFrame with_name{.name = {},
                       .function = std::move(frame.function),
                       .file = std::move(frame.file),
                       .line = frame.line,
                       .module = module,
                       .inlined = frame.inlined,
                       .wrapper = false};
  if (!with_name.function.empty()) {
    with_name.name = printable(short_name(with_name.function));
  } else if (!module.empty()) {
    with_name.name = fmt::format("{}+{:#x}", printable(file_name(module)), offset);
  } else {
    with_name.name = fmt::format("{:#x}", offset);
  }
  with_name.wrapper = is_wrapper(with_name.function, with_name.file);
  return with_name;
}

// Of code whose file and line are unknown.
std::string function_in_module(const Location& location) {
  const StackFrame& frame = location.user();
  if (frame.module.empty()) {
    return fmt::format("{} (in no module)", frame.name);
  }
  if (frame.function.empty()) {
    return frame.name;
  }
  const std::string offset =
      location.symbol_offset == 0 ? std::string{} : fmt::format("+{:#x}", location.symbol_offset);
  return fmt::format("{}{} ({})", frame.name, offset, printable(file_name(frame.module)));
}

// The code of these comes with the kernel, not from a file. Files have a slash in their path.
bool is_virtual(std::string_view path) { return !path.contains('/'); }

std::string why_unopened(const DebugModule::Failure& failure, const std::string& build_id) {
  switch (failure.kind) {
    case DebugModule::Failure::Kind::unreadable:
      return failure.error == ENOENT || failure.error == ENOTDIR
                 ? "is not on this machine"
                 : fmt::format("cannot be read ({})", reason(failure.error));
    case DebugModule::Failure::Kind::no_elf:
      return "cannot be read as an ELF file";
    case DebugModule::Failure::Kind::other_build:
      return fmt::format("is another build than the one that was recorded (build id {})",
                         printable(build_id));
  }
  return {};
}

std::string why_unnamed(const std::string& path, const std::string& build_id,
                        const DebugModule::Failure& failure) {
  if (is_virtual(path)) {
    return {};
  }
  return fmt::format("{} {}{}: its functions are not named.", printable(path),
                     why_unopened(failure, build_id),
                     build_id.empty() ? "" : ", and no file with its build ID was found");
}

}  // namespace

Symbolizer::Symbolizer()
    : budget_(std::make_unique<DebugBudget>()),
      longest_text_(longest_name),
      most_inlined_(deepest_inlining),
      long_text_left_(most_long_text),
      all_inlined_left_(most_inlined) {}

void Symbolizer::expect_sites(std::size_t count) {
  const std::size_t sites = std::max<std::size_t>(1, count);
  longest_text_ = std::min(longest_text_, std::max(usual_text, most_text_of_sites / sites));
  most_inlined_ = std::min(most_inlined_, std::max(usual_inlining, most_inlined_of_sites / sites));
}

void Symbolizer::bound(std::string& text) {
  if (text.size() > longest_text_) {
    text = bounded_name(text, longest_text_);
  }
  if (text.size() > usual_text) {
    if (text.size() > long_text_left_) {
      text = bounded_name(text, usual_text);
    } else {
      long_text_left_ -= text.size();
    }
  }
}

void Symbolizer::bound(std::vector<Frame>& frames) {
  // The last is the function that stands there; of what was inlined into it, the innermost stay.
  const std::size_t inlined = frames.size() - 1;
  const std::size_t kept = std::min({inlined, most_inlined_, all_inlined_left_});
  all_inlined_left_ -= kept;
  frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(kept), frames.end() - 1);
  for (Frame& frame : frames) {
    bound(frame.function);
    bound(frame.file);
  }
}

auto Symbolizer::open(const std::string& path, const std::string& build_id)
    -> std::expected<std::shared_ptr<DebugModule>, DebugModule::Failure> {
  struct stat status{};
  std::shared_ptr<DebugModule>* known = nullptr;
  if (::stat(path.c_str(), &status) == 0) {
    known = &files_[{status.st_dev, status.st_ino, build_id}];
    if (*known != nullptr) {
      return *known;
    }
  }
  auto opened = DebugModule::open(path, build_id, *budget_);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  std::shared_ptr<DebugModule> shared = std::move(*opened);
  if (known != nullptr) {
    *known = shared;
  }
  return shared;
}

Symbolizer::OpenModule& Symbolizer::module(const std::string& path, const std::string& build_id) {
  const auto [entry, is_new] = modules_.try_emplace({path, build_id});
  OpenModule& opened = entry->second;
  if (!is_new) {
    return opened;
  }
  auto at_path = open(path, build_id);
  if (at_path) {
    opened.debug = std::move(*at_path);
    return opened;
  }
  for (const std::string& other : files_by_build_id(build_id)) {
    if (auto elsewhere = open(other, build_id)) {
      opened.debug = std::move(*elsewhere);
      return opened;
    }
  }
  opened.problem = why_unnamed(path, build_id, at_path.error());
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
  location.offset = return_offset;
  DebugModule* const found = return_offset == 0 ? nullptr : opened.debug.get();
  const std::uint64_t call = return_offset - 1;
  std::vector<Frame> frames = found == nullptr ? std::vector<Frame>{} : found->frames(call);
  location.has_debug_information = !frames.empty();
  if (frames.empty()) {
    frames.emplace_back();
  }
  if (found != nullptr && frames.back().function.empty()) {
    if (auto symbol = found->symbol(call)) {
      frames.back().function = std::move(symbol->name);
      location.symbol_offset = location.has_debug_information ? 0 : symbol->offset + 1;
    }
  }
  bound(frames);
  for (Frame& frame : frames) {
    location.frames.push_back(named(std::move(frame), module_path, return_offset));
  }
  for (std::size_t i = 0; i < location.frames.size(); ++i) {
    location.user_frame = i;
    location.only_wrappers = location.frames[i].wrapper;
    if (!location.only_wrappers) {
      break;
    }
  }
  return location;
}

const Location& Symbolizer::locate(const Profile& profile, std::optional<std::size_t> module,
                                   std::uint64_t address) {
  if (module && *module < profile.modules.size()) {
    const Module& holder = profile.modules[*module];
    return locate(holder.path, holder.build_id, address - holder.load_bias);
  }
  return locate(std::string{}, std::string{}, address);
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
    } else if (opened.debug && !opened.debug->problem().empty()) {
      sentences.push_back(fmt::format(
          "The debug information of {} cannot be read, {}: its functions are named by their symbols "
          "alone.",
          printable(name.first), opened.debug->problem()));
    }
  }
  return sentences;
}

std::vector<std::string> symbol_notes(const Symbolizer& symbolizer) {
  constexpr std::size_t most_notes = 5;
  std::vector<std::string> notes = symbolizer.problems();
  if (notes.size() > most_notes) {
    const std::size_t more = notes.size() - most_notes;
    notes.resize(most_notes);
    notes.push_back(fmt::format("{} more cannot be named either.", counted(more, "module")));
  }
  return notes;
}

std::string one_line(const Location& location) {
  const StackFrame& frame = location.user();
  std::string line = frame.file.empty()
                         ? function_in_module(location)
                         : fmt::format("{}  {}", frame.name, place(shown_path(frame.file), frame.line));
  // The wrappers between the user's function and the one that it was inlined into are passed over.
  if (const StackFrame& outer = location.frames.back(); frame.inlined && !outer.function.empty()) {
    line += fmt::format("  (inlined into {})", outer.name);
  }
  return line;
}

std::string function_at_place(const Location& location) {
  const StackFrame& frame = location.user();
  return frame.file.empty() ? function_in_module(location)
                            : fmt::format("{} at {}", frame.name, place(frame.file, frame.line));
}

std::string place_alone(const Location& location) {
  const StackFrame& frame = location.user();
  return frame.file.empty() ? function_in_module(location) : place(frame.file, frame.line);
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
