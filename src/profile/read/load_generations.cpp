#include "profile/read/load_generations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "profile/model/call_sites.hpp"

namespace ar::profile {

namespace {

// For each module the last one that is the same file; empty when no two are.
std::vector<std::size_t> last_loads(const std::vector<Module>& modules) {
  std::map<std::pair<std::string, std::string>, std::size_t> last;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    last[{modules[i].path, modules[i].build_id}] = i;
  }
  std::vector<std::size_t> of;
  if (last.size() != modules.size()) {
    for (const Module& module : modules) {
      // Two files without a path may be different ones.
      const auto own = static_cast<std::size_t>(&module - modules.data());
      of.push_back(module.path.empty() ? own : last.at({module.path, module.build_id}));
    }
  }
  return of;
}

// Moves the nodes to the last loads; those that become the same are one. Returns the new index of each.
std::vector<std::uint32_t> join_nodes(Profile& profile, const std::vector<std::size_t>& last_load) {
  std::vector<std::uint32_t> moved(profile.stack_nodes.size(), no_stack);
  std::vector<StackNode> joined(std::min<std::size_t>(profile.stack_nodes.size(), 1));
  std::map<std::tuple<std::uint32_t, std::optional<std::size_t>, std::uint64_t>, std::uint32_t> known;
  for (std::size_t i = 1; i < profile.stack_nodes.size(); ++i) {
    StackNode node = profile.stack_nodes[i];
    node.caller = moved[node.caller];
    if (node.module) {
      const std::size_t last = last_load[*node.module];
      node.address += profile.modules[last].load_bias - profile.modules[*node.module].load_bias;
      node.module = last;
    }
    const auto [at, is_new] = known.try_emplace({node.caller, node.module, node.address},
                                                static_cast<std::uint32_t>(joined.size()));
    if (is_new) {
      joined.push_back(node);
    }
    moved[i] = at->second;
  }
  profile.stack_nodes = std::move(joined);
  return moved;
}

void join_loads(std::vector<Site>& sites, const std::vector<Module>& modules,
                const std::vector<std::size_t>& last_load, const std::vector<std::uint32_t>& node) {
  join_sites(sites, [&](Site& site) {
    using Key = std::tuple<std::size_t, std::uint64_t, track::Family, std::string, std::uint32_t, std::string,
                           std::uint32_t>;
    site.stack = site.stack == no_stack ? no_stack : node[site.stack];
    if (!site.module || site.address == 0) {
      return std::optional<Key>{};
    }
    const std::size_t module = last_load[*site.module];
    const std::uint64_t offset = site.address - modules[*site.module].load_bias;
    site.module = module;
    site.address = modules[module].load_bias + offset;
    return std::optional<Key>{
        {module, offset, site.family, site.file, site.line, site.description, site.stack}};
  });
}

}  // namespace

void join_load_generations(Profile& profile) {
  const std::vector<std::size_t> last_load = last_loads(profile.modules);
  if (last_load.empty()) {
    return;
  }
  const std::vector<std::uint32_t> node = join_nodes(profile, last_load);
  join_loads(profile.sites, profile.modules, last_load, node);
  for (Owner& owner : profile.owners) {
    std::vector<Site> own{std::move(owner.site)};
    join_loads(own, profile.modules, last_load, node);
    owner.site = std::move(own.front());
    join_loads(owner.contents, profile.modules, last_load, node);
  }
}

}  // namespace ar::profile
