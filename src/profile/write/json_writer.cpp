#include "profile/write/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "profile/symbols/site_label.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json line_or_null(std::uint32_t line) { return line == 0 ? Json(nullptr) : Json(line); }

Json ending_fields(const Ending& ending) {
  Json json;
  json["how"] = ending.by_signal ? "signal" : "exited";
  json["status"] = ending.by_signal ? Json(nullptr) : Json(ending.status);
  json["signal"] = ending.by_signal ? Json(ending.signal) : Json(nullptr);
  json["signal_name"] = ending.by_signal ? Json(signal_name(ending.signal)) : Json(nullptr);
  json["core_dumped"] = ending.core_dumped;
  json["seconds"] = ending.seconds;
  return json;
}

std::string_view end_name(ImageEnd end) {
  switch (end) {
    case ImageEnd::exited:
      return "exit";
    case ImageEnd::quick_exited:
      return "quick_exit";
    case ImageEnd::replaced:
      return "exec";
    case ImageEnd::killed:
      return "signal";
    case ImageEnd::still_running:
      return "running";
  }
  return "";
}

std::string_view scan_name(track::LeakScan scan) {
  switch (scan) {
    case track::LeakScan::not_done:
      return "not_done";
    case track::LeakScan::done:
      return "done";
    case track::LeakScan::partial:
      return "partial";
    case track::LeakScan::impossible:
      return "impossible";
    case track::LeakScan::sandboxed:
      return "sandboxed";
  }
  return "";
}

Json frame_fields(const StackFrame& frame) {
  return Json{{"function", text_or_null(frame.function)},
              {"file", text_or_null(frame.file)},
              {"line", line_or_null(frame.line)},
              {"inlined", frame.inlined}};
}

// What the histogram holds, up to its last value that is not 0.
Json histogram_fields(const Histogram& histogram) {
  const auto last =
      std::find_if(histogram.rbegin(), histogram.rend(), [](std::uint64_t n) { return n != 0; });
  return Json(std::vector<std::uint64_t>(histogram.begin(), last.base()));
}

Json site_fields(const Site& site, StackFrames& frames) {
  const Location& location = frames.user_location(site);
  Json json;
  json["index"] = site.index;
  json["label"] = site_label(site, frames);
  json["annotated"] = site.annotated;
  json["intentional"] = site.intentional;
  json["family"] = text_or_null(family_name(site.family));
  json["language"] = text_or_null(language_name(site.language));
  json["description"] = text_or_null(site.description);
  json["type"] = text_or_null(site.type);

  const StackFrame& user = location.user();
  const bool own_place = has_own_place(site);
  json["function"] = text_or_null(user.function);
  json["file"] = text_or_null(own_place ? site.file : user.file);
  json["line"] = line_or_null(own_place ? site.line : user.line);
  json["address"] = site.address == 0 ? Json(nullptr) : Json(fmt::format("{:#x}", site.address));
  json["module"] = site.module ? Json(*site.module) : Json(nullptr);
  json["module_offset"] =
      site.module && site.address != 0
          ? Json(fmt::format("{:#x}", frames.symbolizer().locate(frames.profile(), site).offset))
          : Json(nullptr);
  json["frames"] = Json::array();
  for (const StackFrame& frame : location.frames) {
    if (location.has_debug_information) {
      json["frames"].push_back(frame_fields(frame));
    }
  }

  json["allocations"] = site.allocations;
  json["allocated_bytes"] = site.allocated_bytes;
  json["frees"] = site.frees;
  json["freed_bytes"] = site.freed_bytes;
  json["temporary"] = site.temporary;
  json["live_blocks"] = site.live.blocks;
  json["live_bytes"] = site.live.bytes;
  json["peak_blocks"] = site.peak.blocks;
  json["peak_bytes"] = site.peak.bytes;
  json["lost_blocks"] = site.lost.blocks;
  json["lost_bytes"] = site.lost.bytes;
  json["reachable_blocks"] = site.reachable.blocks;
  json["reachable_bytes"] = site.reachable.bytes;
  json["runtime_blocks"] = site.runtime.blocks;
  json["runtime_bytes"] = site.runtime.bytes;
  json["suppressed_blocks"] = site.suppressed.blocks;
  json["suppressed_bytes"] = site.suppressed.bytes;
  json["sizes"] = histogram_fields(site.sizes);
  json["lifetimes"] = histogram_fields(site.lifetimes);
  json["threads"] = Json::array();
  for (const ThreadShare& share : site.threads) {
    json["threads"].push_back({{"thread", share.thread},
                               {"allocations", share.allocations},
                               {"allocated_bytes", share.allocated_bytes}});
  }
  return json;
}

// Threads, timeline and moments.
void add_course(Json& json, const Profile& profile) {
  json["threads"] = Json::array();
  for (const Thread& thread : profile.threads) {
    json["threads"].push_back({{"tid", thread.tid},
                               {"name", text_or_null(thread.name)},
                               {"allocations", thread.allocations},
                               {"allocated_bytes", thread.allocated_bytes},
                               {"frees", thread.frees},
                               {"freed_bytes", thread.freed_bytes}});
  }
  json["timeline"] = Json::array();
  for (const TimelinePoint& point : profile.timeline) {
    json["timeline"].push_back({{"milliseconds", point.milliseconds},
                                {"live_bytes", point.live_bytes},
                                {"resident_bytes", point.resident_bytes}});
  }
  json["moments"] = Json::array();
  for (const Moment& moment : profile.moments) {
    json["moments"].push_back(
        {{"milliseconds", moment.milliseconds}, {"label", moment.label}, {"live_bytes", moment.live_bytes}});
  }
}

Json owner_fields(const Owner& owner, StackFrames& frames) {
  Json json;
  json["label"] = site_label(owner.site, frames);
  json["description"] = text_or_null(owner.site.description);
  json["file"] = text_or_null(has_own_place(owner.site) ? owner.site.file : std::string{});
  json["line"] = line_or_null(owner.site.line);
  json["made"] = owner.site.allocations;
  json["ended"] = owner.site.frees;
  json["contents"] = Json::array();
  for (const Site& site : owner.contents) {
    json["contents"].push_back(site_fields(site, frames));
  }
  return json;
}

// Some sites are made ahead of need, for the case that there is room for no others.
bool has_allocated(const Site& site) { return site.allocations != 0 || site.frees != 0; }

// All but how the process ended.
Json profile_fields(StackFrames& frames, std::optional<unsigned> image, std::string_view ended_by) {
  const Profile& profile = frames.profile();
  const Totals& totals = profile.totals;
  Json json;
  json["pid"] = profile.pid;
  json["parent_pid"] = profile.parent_pid;
  if (image) {
    json["image"] = *image;
  }
  json["program"] = profile.program;
  json["command_line"] = profile.command_line;
  json["start_time"] = profile.start_time;
  json["ended_by"] = ended_by;
  json["serving"] = profile.serving;
  json["allocations"] = totals.allocations;
  json["allocated_bytes"] = totals.allocated_bytes;
  json["frees"] = totals.frees;
  json["freed_bytes"] = totals.freed_bytes;
  json["temporary"] = totals.temporary;
  json["live_blocks"] = totals.live.blocks;
  json["live_bytes"] = totals.live.bytes;
  json["peak_bytes"] = profile.peak_bytes;
  json["leak_scan"] = scan_name(profile.leak_scan);
  json["unstopped_threads"] = profile.unstopped_threads;
  json["lost_blocks"] = totals.lost.blocks;
  json["lost_bytes"] = totals.lost.bytes;
  json["reachable_blocks"] = totals.reachable.blocks;
  json["reachable_bytes"] = totals.reachable.bytes;
  json["intentional_blocks"] = totals.intentional.blocks;
  json["intentional_bytes"] = totals.intentional.bytes;
  json["runtime_blocks"] = totals.runtime.blocks;
  json["runtime_bytes"] = totals.runtime.bytes;
  json["suppressed_blocks"] = totals.suppressed.blocks;
  json["suppressed_bytes"] = totals.suppressed.bytes;
  json["mismatches"] = profile.mismatches;
  json["sites_dropped"] = profile.sites_dropped;
  json["descriptions_capped"] = profile.descriptions_capped;
  json["modules"] = Json::array();
  for (const Module& module : profile.modules) {
    json["modules"].push_back({{"path", module.path},
                               {"build_id", text_or_null(module.build_id)},
                               {"load_bias", fmt::format("{:#x}", module.load_bias)},
                               {"unloaded", module.unloaded}});
  }
  add_course(json, profile);
  json["sites"] = Json::array();
  for (const Site& site : profile.sites) {
    if (has_allocated(site)) {
      json["sites"].push_back(site_fields(site, frames));
    }
  }
  json["owners"] = Json::array();
  for (const Owner& owner : profile.owners) {
    json["owners"].push_back(owner_fields(owner, frames));
  }
  return json;
}

Json process_fields(const ProcessImage& image, Symbolizer& symbolizer) {
  StackFrames frames{image.profile, symbolizer};
  return profile_fields(frames, image.number, end_name(image.end));
}

std::string text_of(const Json& json) { return json.indented() + "\n"; }

std::string_view state_name(track::RunState state) {
  switch (state) {
    case track::RunState::exited:
      return "exit";
    case track::RunState::quick_exit:
      return "quick_exit";
    case track::RunState::running:
      break;
  }
  return "unknown";
}

// Stacks as numbers of frames, so that each frame is written once.
void add_stacks(Json& process, StackFrames& frames) {
  std::size_t listed = 0;
  for (const Site& site : frames.profile().sites) {
    if (has_allocated(site)) {
      process["sites"][listed++]["stack"] = frames.of(site);
    }
  }
  process["frames"] = Json::array();
  for (const StackFrame& frame : frames.all()) {
    process["frames"].push_back({{"name", frame.name},
                                 {"function", text_or_null(frame.function)},
                                 {"file", text_or_null(frame.file)},
                                 {"line", line_or_null(frame.line)},
                                 {"module", text_or_null(frame.module)},
                                 {"inlined", frame.inlined},
                                 {"wrapper", frame.wrapper}});
  }
}

// To be called once all has been looked up.
void add_problems(Json& notes, const Symbolizer& symbolizer) {
  for (std::string& problem : symbolizer.problems()) {
    notes.push_back(std::move(problem));
  }
}

}  // namespace

std::string json_report(const Profile& profile, Symbolizer& symbolizer, std::string_view version,
                        const std::vector<std::string>& notes) {
  // All modules, also those that no site names.
  for (const Module& module : profile.modules) {
    [[maybe_unused]] const bool named = symbolizer.has(module);
  }
  Json json;
  json["arpent"] = {{"version", version}, {"format", json_format}};
  json["notes"] = notes;
  json["processes"] = profile.processes;
  json["unscanned_processes"] = count_processes(profile).unscanned;
  StackFrames frames{profile, symbolizer};
  Json process = profile_fields(frames, std::nullopt, state_name(profile.state));
  add_stacks(process, frames);
  json["process"] = std::move(process);
  add_problems(json["notes"], symbolizer);
  return text_of(json);
}

std::string json_report(const Survey& survey, Symbolizer& symbolizer) {
  Json json;
  json["arpent"] = {{"version", survey.version}, {"format", json_format}};
  json["program"] = survey.program;
  json["arguments"] = survey.arguments;
  json["pid"] = survey.pid;
  json["ended"] = ending_fields(survey.ending);
  const ProcessCounts counts = count_processes(survey);
  json["processes"] = counts.all;
  json["unscanned_processes"] = counts.unscanned;
  json["tracked"] = survey.main.has_value();
  json["why_not_tracked"] = text_or_null(survey.why_not_tracked);
  json["untracked_cause"] = text_or_null(std::string{cause_name(survey.cause)});
  json["notes"] = survey.notes;
  json["process"] = survey.main ? process_fields(*survey.main, symbolizer) : Json(nullptr);
  json["others"] = Json::array();
  for (const ProcessImage& image : survey.others) {
    json["others"].push_back(process_fields(image, symbolizer));
  }
  json["untracked"] = Json::array();
  for (const UntrackedProgram& program : survey.untracked) {
    json["untracked"].push_back({{"pid", program.pid},
                                 {"parent_pid", program.parent_pid},
                                 {"program", program.program},
                                 {"cause", cause_name(program.cause)},
                                 {"explanation", program.explanation}});
  }
  add_problems(json["notes"], symbolizer);
  return text_of(json);
}

}  // namespace ar::profile
