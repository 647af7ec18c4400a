// A learner's folder: for each exercise of a track the prompt and the file to write in, and progress.json.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "arpent/learn/course_files.hpp"
#include "arpent/learn/track.hpp"

namespace ar::command::learn {

struct Progress {
  bool solved = false;
  int failed_checks = 0;  // since the last that passed, or the last reset
  int hints = 0;          // that have been shown
};

class Workspace {
 public:
  // Makes the folder and the starters' files. Nothing that is there is overwritten.
  [[nodiscard]] static std::expected<Workspace, std::string> create(const std::filesystem::path& folder,
                                                                    const Course& course);
  // The workspace that the working directory is in.
  [[nodiscard]] static std::expected<Workspace, std::string> find();

  [[nodiscard]] Track track() const { return track_; }
  [[nodiscard]] std::filesystem::path file_of(const Exercise& exercise) const {
    return folder_ / exercise.name / learn::file_of(track_);
  }
  // Where what is built lies.
  [[nodiscard]] std::filesystem::path build_folder() const { return folder_ / ".build"; }

  [[nodiscard]] Progress& progress_of(const Exercise& exercise) { return progress_[exercise.number]; }
  // The first that is not solved; null when all are.
  [[nodiscard]] const Exercise* next_of(const Course& course);

  // Puts the starter back; what was written is kept beside it, with .old after its name.
  [[nodiscard]] std::expected<void, std::string> reset(const Course& course, const Exercise& exercise);
  [[nodiscard]] std::expected<void, std::string> save() const;

 private:
  explicit Workspace(std::filesystem::path folder, Track track) : folder_(std::move(folder)), track_(track) {}
  [[nodiscard]] std::expected<void, std::string> load();

  std::filesystem::path folder_;
  Track track_;
  std::map<std::string, Progress> progress_;
};

}  // namespace ar::command::learn
