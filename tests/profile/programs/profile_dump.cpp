// profile_dump PROFILE: what the reader makes of it, as JSON, for tests in other languages.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "profile/read/region_file.hpp"

namespace {

using nlohmann::json;

json frames_of(const ar::profile::Profile& profile, std::uint32_t stack) {
  json frames = json::array();
  for (std::uint32_t node = stack; node != ar::profile::no_stack;
       node = profile.stack_nodes.at(node).caller) {
    const ar::profile::StackNode& frame = profile.stack_nodes.at(node);
    const ar::profile::Module* module = frame.module ? &profile.modules.at(*frame.module) : nullptr;
    frames.push_back({{"address", frame.address},
                      {"module", module == nullptr ? "" : module->path},
                      {"offset", frame.address - (module == nullptr ? 0 : module->load_bias)}});
  }
  return frames;
}

json site_of(const ar::profile::Profile& profile, const ar::profile::Site& site) {
  json shares = json::array();
  for (const ar::profile::ThreadShare& share : site.threads) {
    shares.push_back({{"thread", profile.threads.at(share.thread).name}, {"allocations", share.allocations}});
  }
  return {{"allocations", site.allocations},
          {"allocated_bytes", site.allocated_bytes},
          {"frees", site.frees},
          {"description", site.description},
          {"type", site.type},
          {"peak_bytes", site.peak.bytes},
          {"stack", frames_of(profile, site.stack)},
          {"threads", shares}};
}

int dump(const char* path) {
  const auto profile = ar::profile::read_profile_file(path);
  if (!profile) {
    fmt::print(stderr, "profile_dump: '{}' {}\n", path, profile.error());
    return 1;
  }
  json out = {
      {"pid", profile->pid}, {"peak_bytes", profile->peak_bytes}, {"nodes", profile->stack_nodes.size()}};
  out["sites"] = json::array();
  for (const ar::profile::Site& site : profile->sites) {
    out["sites"].push_back(site_of(*profile, site));
  }
  out["threads"] = json::array();
  for (const ar::profile::Thread& thread : profile->threads) {
    out["threads"].push_back(
        {{"name", thread.name}, {"allocations", thread.allocations}, {"frees", thread.frees}});
  }
  out["timeline"] = json::array();
  for (const ar::profile::TimelinePoint& point : profile->timeline) {
    out["timeline"].push_back({point.milliseconds, point.live_bytes, point.resident_bytes});
  }
  out["moments"] = json::array();
  for (const ar::profile::Moment& moment : profile->moments) {
    out["moments"].push_back({{"label", moment.label}, {"live_bytes", moment.live_bytes}});
  }
  fmt::print("{}\n", out.dump(1, ' ', false, json::error_handler_t::replace));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return count == 2 ? dump(arguments[1]) : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "profile_dump: {}\n", error.what());
    return 1;
  }
}
