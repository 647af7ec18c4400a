#include "arpent/learn/workspace.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

constexpr const char* progress_name = "progress.json";
constexpr int format = 1;

std::expected<void, std::string> copy_over(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) {
    return std::unexpected(
        fmt::format("{} cannot be written: {}", profile::printable(to.string()), error.message()));
  }
  return {};
}

std::expected<void, std::string> write(std::string_view text, const fs::path& to) {
  std::ofstream stream{to};
  stream << text;
  stream.close();
  if (!stream) {
    return std::unexpected(fmt::format("{} cannot be written", profile::printable(to.string())));
  }
  return {};
}

}  // namespace

std::expected<Workspace, std::string> Workspace::create(const fs::path& folder, const Course& course) {
  std::error_code error;
  const std::string shown = profile::in_quotes(folder.string());
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return std::unexpected(fmt::format("{} is there already; go on in it, or name another folder", shown));
  }
  Workspace workspace{fs::absolute(folder), course.track};
  for (const Exercise& exercise : course.exercises) {
    const fs::path own = workspace.folder_ / exercise.name;
    fs::create_directories(own, error);
    if (error) {
      return std::unexpected(fmt::format("{} cannot be made: {}", shown, error.message()));
    }
    const auto prompt = prompt_of(course, exercise);
    if (!prompt) {
      return std::unexpected(prompt.error());
    }
    if (const auto written = write(*prompt, own / "prompt.md"); !written) {
      return std::unexpected(written.error());
    }
    if (const auto copied = copy_over(course.starter_of(exercise), workspace.file_of(exercise)); !copied) {
      return std::unexpected(copied.error());
    }
  }
  if (const auto saved = workspace.save(); !saved) {
    return std::unexpected(saved.error());
  }
  return workspace;
}

std::expected<Workspace, std::string> Workspace::find() {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  for (fs::path folder = here; !error; folder = folder.parent_path()) {
    if (fs::exists(folder / progress_name, error)) {
      Workspace workspace{folder, Track::cpp};
      if (const auto loaded = workspace.load(); !loaded) {
        return std::unexpected(loaded.error());
      }
      return workspace;
    }
    if (folder == folder.parent_path()) {
      break;
    }
  }
  return std::unexpected(
      "this folder is in no workspace; go into yours, or make one with 'arpent learn start'");
}

std::expected<void, std::string> Workspace::load() {
  const fs::path file = folder_ / progress_name;
  const auto text = text_of(file);
  if (!text) {
    return std::unexpected(text.error());
  }
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("format", nlohmann::json{}) != format || !json.contains("exercises") ||
      !json["exercises"].is_object() || !json.contains("track") ||
      (json["track"] != name_of(Track::cpp) && json["track"] != name_of(Track::zig))) {
    return std::unexpected(fmt::format("{} is no progress of a course; remove it to begin anew",
                                       profile::printable(file.string())));
  }
  track_ = json["track"] == name_of(Track::zig) ? Track::zig : Track::cpp;
  const auto number_in = [](const nlohmann::json& from, const char* key) {
    return from.contains(key) && from[key].is_number_integer() ? from[key].get<int>() : 0;
  };
  for (const auto& [number, entry] : json["exercises"].items()) {
    if (entry.is_object()) {
      progress_[number] = {.solved = entry.contains("solved") && entry["solved"] == true,
                           .failed_checks = number_in(entry, "failed_checks"),
                           .hints = number_in(entry, "hints")};
    }
  }
  return {};
}

std::expected<void, std::string> Workspace::save() const {
  nlohmann::ordered_json json;
  json["format"] = format;
  json["track"] = name_of(track_);
  json["exercises"] = nlohmann::ordered_json::object();
  for (const auto& [number, progress] : progress_) {
    json["exercises"][number] = {
        {"solved", progress.solved}, {"failed_checks", progress.failed_checks}, {"hints", progress.hints}};
  }
  const fs::path file = folder_ / progress_name;
  const fs::path fresh = folder_ / "progress.json.new";
  if (const auto written = write(json.dump(2) + "\n", fresh); !written) {
    return written;
  }
  std::error_code error;
  fs::rename(fresh, file, error);  // never half of it
  if (error) {
    return std::unexpected(
        fmt::format("{} cannot be written: {}", profile::printable(file.string()), error.message()));
  }
  return {};
}

const Exercise* Workspace::next_of(const Course& course) {
  for (const Exercise& exercise : course.exercises) {
    if (!progress_of(exercise).solved) {
      return &exercise;
    }
  }
  return nullptr;
}

std::expected<void, std::string> Workspace::reset(const Course& course, const Exercise& exercise) {
  const fs::path file = file_of(exercise);
  std::error_code error;
  if (fs::exists(file, error)) {
    if (const auto kept = copy_over(file, file.string() + ".old"); !kept) {
      return kept;
    }
  }
  fs::create_directories(file.parent_path(), error);
  if (const auto copied = copy_over(course.starter_of(exercise), file); !copied) {
    return copied;
  }
  progress_of(exercise) = {};
  return save();
}

}  // namespace ar::command::learn
