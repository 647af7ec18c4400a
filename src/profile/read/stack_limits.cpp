#include "profile/read/stack_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/read/damage.hpp"
#include "profile/read/memory_budget.hpp"

namespace ar::profile {
namespace {

constexpr std::uint32_t deepest_stack = 1024;  // twice what a process can be asked to record
// A site takes some 64 bytes, and 512 frames are the most that are recorded.
constexpr std::size_t most_frames_per_byte = 8;
constexpr std::size_t frames_for_any_profile = std::size_t{1} << 20U;
constexpr std::size_t name_of_a_frame = 64;  // bytes; a longer one counts as more frames

constexpr const char* too_many = "holds more stacks than a file of its size can have";

class Allowance {
 public:
  explicit Allowance(std::size_t most) : left_(most) {}
  void take(std::size_t count) {
    if (count > left_) {
      throw Damage{too_many};
    }
    left_ -= count;
  }

 private:
  std::size_t left_;
};

std::string_view path_of(const Profile& profile, std::optional<std::size_t> module) {
  return module && *module < profile.modules.size() ? profile.modules[*module].path : std::string_view{};
}

}  // namespace

void check_stacks(const Profile& profile, std::size_t size, std::uint64_t most) {
  Allowance paths{std::min(size * most_memory_per_byte + memory_for_any_profile, memory_ceiling(most))};
  const std::size_t nodes = std::max<std::size_t>(1, profile.stack_nodes.size());
  std::vector<std::uint32_t> depths(nodes, 0);
  std::vector<std::size_t> lengths(nodes, 0);  // in frames with names of usual length
  for (std::size_t i = 1; i < nodes; ++i) {
    const StackNode& node = profile.stack_nodes[i];
    const std::string_view path = path_of(profile, node.module);
    depths[i] = depths[node.caller] + 1;
    lengths[i] = lengths[node.caller] + 1 + file_name(path).size() / name_of_a_frame;
    if (depths[i] > deepest_stack) {
      throw Damage{fmt::format("has a stack of more than {} frames", deepest_stack)};
    }
    paths.take(path.size());
  }
  Allowance frames{size * most_frames_per_byte + frames_for_any_profile};
  const auto count = [&](const Site& site) {
    frames.take(lengths[site.stack]);
    paths.take(path_of(profile, site.module).size());
  };
  for (const Site& site : profile.sites) {
    count(site);
  }
  for (const Owner& owner : profile.owners) {
    count(owner.site);
    for (const Site& site : owner.contents) {
      count(site);
    }
  }
}

}  // namespace ar::profile
