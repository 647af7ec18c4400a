#include "profile/change/merge.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "profile/model/call_sites.hpp"
#include "profile/model/totals.hpp"

namespace ar::profile {
namespace {

// The code of a place: a file and an address in it or, outside of any file, an address of one process.
struct Place {
  std::optional<std::size_t> module;
  std::uint64_t address = 0;
  std::size_t process = 0;  // 0 in a module

  auto operator<=>(const Place&) const = default;
};

bool nothing_happened(const Site& site) {
  return site.allocations == 0 && site.frees == 0 && site.peak.blocks == 0 && site.lost.blocks == 0 &&
         site.reachable.blocks == 0 && site.runtime.blocks == 0 && site.suppressed.blocks == 0;
}

// Merged profiles can say that they are of any number of processes.
std::uint32_t at_most_all(std::uint32_t some, std::uint32_t more) {
  constexpr std::uint32_t all = std::numeric_limits<std::uint32_t>::max();
  return more > all - some ? all : some + more;
}

class Merger {
 public:
  void add(const Profile& profile) {
    ++process_;
    add_facts(profile);
    add_modules(profile);
    add_nodes(profile);
    add_threads(profile);
    for (const Site& site : profile.sites) {
      if (!nothing_happened(site)) {
        add_site(moved(profile, site), sum_.sites, sites_);
      }
    }
    for (const Owner& owner : profile.owners) {
      add_owner(profile, owner);
    }
  }

  Profile take() {
    sum_.leak_scan = !any_scanned_  ? track::LeakScan::not_done
                     : any_partial_ ? track::LeakScan::partial
                                    : track::LeakScan::done;
    if (!any_scanned_) {
      sum_.unscanned_processes = 0;  // as of a single one: the whole was not scanned
    }
    sum_.totals = totals_of(sum_.sites);
    return std::move(sum_);
  }

 private:
  void add_facts(const Profile& profile) {
    const bool is_first = process_ == 1;
    sum_.processes = at_most_all(is_first ? 0 : sum_.processes, profile.processes);
    sum_.unscanned_processes = at_most_all(
        sum_.unscanned_processes, leaks_are_known(profile) ? profile.unscanned_processes : profile.processes);
    any_scanned_ = any_scanned_ || leaks_are_known(profile);
    any_partial_ = any_partial_ || profile.leak_scan == track::LeakScan::partial;
    sum_.peak_bytes += profile.peak_bytes;
    sum_.mismatches += profile.mismatches;
    sum_.unstopped_threads += profile.unstopped_threads;
    sum_.serving = sum_.serving || profile.serving;
    sum_.sites_dropped = sum_.sites_dropped || profile.sites_dropped;
    sum_.descriptions_capped = sum_.descriptions_capped || profile.descriptions_capped;
    if (is_first) {
      sum_.pid = profile.pid;
      sum_.parent_pid = profile.parent_pid;
      sum_.start_time = profile.start_time;
      sum_.state = profile.state;
      sum_.mode = profile.mode;
      sum_.program = profile.program;
      sum_.command_line = profile.command_line;
      sum_.timeline = profile.timeline;
      sum_.moments = profile.moments;
      return;
    }
    sum_.pid = 0;
    sum_.parent_pid = 0;
    sum_.start_time = std::min(sum_.start_time, profile.start_time);
    sum_.mode = std::max(sum_.mode, profile.mode);
    if (profile.state != sum_.state) {
      // One that has not ended keeps the whole from having ended.
      const bool any_running =
          profile.state == track::RunState::running || sum_.state == track::RunState::running;
      sum_.state = any_running ? track::RunState::running : track::RunState::exited;
    }
    if (profile.command_line != sum_.command_line) {
      sum_.command_line.clear();
    }
    sum_.timeline.clear();
    sum_.moments.clear();
  }

  void add_modules(const Profile& profile) {
    module_of_.clear();
    for (const Module& module : profile.modules) {
      // Without a path, and without a build id, two may be different files.
      const bool is_known_file = !module.path.empty() || !module.build_id.empty();
      const auto [entry, is_new] = modules_.try_emplace(
          {module.path, module.build_id, is_known_file ? 0 : process_, is_known_file ? 0 : module.start},
          sum_.modules.size());
      if (is_new) {
        sum_.modules.push_back(module);
      }
      sum_.modules[entry->second].unloaded = sum_.modules[entry->second].unloaded && module.unloaded;
      module_of_.push_back(entry->second);
    }
  }

  Place place(const Profile& profile, std::optional<std::size_t> module, std::uint64_t address) const {
    if (!module) {
      return {.module = {}, .address = address, .process = address == 0 ? 0 : process_};
    }
    const std::size_t now = module_of_.at(*module);
    const std::uint64_t moved =
        address == 0 ? 0 : address + (sum_.modules[now].load_bias - profile.modules.at(*module).load_bias);
    return {.module = now, .address = moved, .process = 0};
  }

  void add_nodes(const Profile& profile) {
    node_of_.assign(std::max<std::size_t>(profile.stack_nodes.size(), 1), no_stack);
    for (std::size_t i = 1; i < profile.stack_nodes.size(); ++i) {
      const StackNode& node = profile.stack_nodes[i];
      const Place at = place(profile, node.module, node.address);
      const std::uint32_t caller = node_of_.at(node.caller);
      if (sum_.stack_nodes.empty()) {
        sum_.stack_nodes.emplace_back();
      }
      const auto [entry, is_new] =
          nodes_.try_emplace({caller, at}, static_cast<std::uint32_t>(sum_.stack_nodes.size()));
      if (is_new) {
        sum_.stack_nodes.push_back({.address = at.address, .module = at.module, .caller = caller});
      }
      node_of_[i] = entry->second;
    }
  }

  void add_threads(const Profile& profile) {
    thread_of_.clear();
    for (const Thread& thread : profile.threads) {
      // Those without a name are different ones.
      const auto [entry, is_new] = threads_.try_emplace(
          {thread.name, thread.name.empty() ? process_ : 0, thread.name.empty() ? thread.tid : 0},
          sum_.threads.size());
      thread_of_.push_back(entry->second);
      if (is_new) {
        sum_.threads.push_back(thread);
        continue;
      }
      Thread& sum = sum_.threads[entry->second];
      sum.tid = thread.tid;
      sum.allocations += thread.allocations;
      sum.allocated_bytes += thread.allocated_bytes;
      sum.frees += thread.frees;
      sum.freed_bytes += thread.freed_bytes;
    }
  }

  using SiteKey = std::tuple<Place, std::uint32_t, track::Family, track::Language, bool, bool, std::string,
                             std::uint32_t, std::string, std::string>;

  using SiteIndices = std::map<SiteKey, std::size_t>;

  // The site as it is in the sum.
  Site moved(const Profile& profile, const Site& site) const {
    const Place at = place(profile, site.module, site.address);
    Site moved = site;
    moved.module = at.module;
    moved.address = at.address;
    moved.stack = node_of_.at(site.stack);
    for (ThreadShare& share : moved.threads) {
      share.thread = thread_of_.at(share.thread);
    }
    return moved;
  }

  SiteKey key(const Site& moved) const {
    const bool is_of_process = !moved.module && moved.address != 0;
    return {{.module = moved.module, .address = moved.address, .process = is_of_process ? process_ : 0},
            moved.stack,
            moved.family,
            moved.language,
            moved.annotated,
            moved.intentional,
            moved.file,
            moved.line,
            moved.description,
            moved.type};
  }

  void add_site(Site site, std::vector<Site>& sites, SiteIndices& known) {
    const auto [entry, is_new] = known.try_emplace(key(site), sites.size());
    if (is_new) {
      site.index = ++last_index_;
      sites.push_back(std::move(site));
    } else {
      add_figures(sites[entry->second], site);
    }
  }

  void add_owner(const Profile& profile, const Owner& owner) {
    Site site = moved(profile, owner.site);
    const auto [entry, is_new] = owners_.try_emplace(key(site), sum_.owners.size());
    if (is_new) {
      site.index = ++last_index_;
      sum_.owners.push_back({.site = std::move(site), .contents = {}});
      owned_.emplace_back();
    } else {
      add_figures(sum_.owners[entry->second].site, site);
    }
    for (const Site& inside : owner.contents) {
      add_site(moved(profile, inside), sum_.owners[entry->second].contents, owned_[entry->second]);
    }
  }

  Profile sum_;
  std::uint32_t last_index_ = 0;
  std::size_t process_ = 0;  // the number of the profile that is being added
  bool any_scanned_ = false;
  bool any_partial_ = false;
  std::vector<std::size_t> module_of_;  // new indices of the profile that is being added
  std::vector<std::uint32_t> node_of_;  // the same
  std::vector<std::size_t> thread_of_;  // the same
  std::map<std::tuple<std::string, std::string, std::size_t, std::uint64_t>, std::size_t> modules_;
  std::map<std::pair<std::uint32_t, Place>, std::uint32_t> nodes_;
  std::map<std::tuple<std::string, std::size_t, std::int32_t>, std::size_t> threads_;
  SiteIndices sites_;
  SiteIndices owners_;
  std::vector<SiteIndices> owned_;  // of each owner's contents
};

}  // namespace

Profile merged(std::span<const Profile> profiles) {
  Merger merger;
  for (const Profile& profile : profiles) {
    merger.add(profile);
  }
  return merger.take();
}

}  // namespace ar::profile
