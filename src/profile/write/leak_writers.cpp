#include "profile/write/leak_writers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "profile/model/survey.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/site_label.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

// Why not all leaks are known; empty if they are.
std::string why_unknown(const Profile& profile) {
  return leaks_are_known(profile)
             ? unscanned_sentence(count_processes(profile))
             : "the program was not scanned for leaks: it did not end by exit, or had not ended";
}

struct Leak {
  const Site* site;
  BlocksAndBytes lost;
  bool suppressed;
};

// Largest first.
std::vector<Leak> leaks_of(const Profile& profile) {
  std::vector<Leak> leaks;
  for (const Site& site : profile.sites) {
    if (site.intentional) {
      continue;
    }
    if (site.lost.blocks != 0) {
      leaks.push_back({&site, site.lost, false});
    }
    if (site.suppressed.blocks != 0) {
      leaks.push_back({&site, site.suppressed, true});
    }
  }
  std::ranges::stable_sort(leaks, std::greater{}, [](const Leak& leak) { return leak.lost.bytes; });
  return leaks;
}

std::string message_of(const Leak& leak) {
  std::string text =
      fmt::format("{} in {} definitely lost", as_size(leak.lost.bytes), counted(leak.lost.blocks, "block"));
  if (!leak.site->description.empty()) {
    text += fmt::format(": \"{}\"", printable(leak.site->description));
  }
  return text;
}

// A path as a URI: relative where it lies below the working directory.
std::string uri(const std::string& path) {
  const std::string shown = shown_path(path);
  std::string out = shown.starts_with('/') ? "file://" : "";
  for (const char character : shown) {
    constexpr std::string_view plain = "-._~/";
    const auto code = static_cast<unsigned char>(character);
    const bool unreserved = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                            (code >= 'a' && code <= 'z') || plain.contains(character);
    out += unreserved ? std::string(1, character) : fmt::format("%{:02X}", code);
  }
  return out;
}

Json location(const std::string& file, std::uint32_t line, const std::string& function) {
  Json json = Json::object();
  if (!file.empty()) {
    json["physicalLocation"]["artifactLocation"]["uri"] = uri(file);
    if (line != 0) {
      json["physicalLocation"]["region"]["startLine"] = line;
    }
  }
  if (!function.empty()) {
    json["logicalLocations"] = Json::array({{{"fullyQualifiedName", function}, {"kind", "function"}}});
  }
  return json;
}

// The stacks of leaks repeat names and files. When they have used up what they may take, those that are left,
// of the smallest leaks, are cut to the user's frame.
class StackAllowance {
 public:
  explicit StackAllowance(StackFrames& frames) : frames_(frames) {}

  [[nodiscard]] std::span<const FrameNumber> shown(std::span<const FrameNumber> stack, std::size_t user) {
    std::size_t size = 0;
    for (const FrameNumber number : stack) {
      const StackFrame& frame = frames_.frame(number);
      size += text_around_frame + 2 * frame.name.size() + 3 * frame.file.size();  // a URI has %XX
    }
    if (size > left_) {
      return stack.subspan(user, 1);
    }
    left_ -= size;
    return stack;
  }

 private:
  static constexpr std::size_t text_around_frame = 512;

  StackFrames& frames_;
  std::size_t left_ = std::size_t{64} << 20U;
};

Json result(const Leak& leak, StackFrames& frames, StackAllowance& allowance) {
  const std::vector<FrameNumber> stack = frames.of(*leak.site);
  const std::span<const FrameNumber> shown = allowance.shown(stack, frames.user_index(stack));
  const StackFrame& user = frames.user_frame(stack);
  const bool own_place = has_own_place(*leak.site);
  const std::string& file = own_place ? leak.site->file : user.file;
  Json json{{"ruleId", "leak"},
            {"ruleIndex", 0},
            {"level", "error"},
            {"message", {{"text", message_of(leak)}}},
            {"locations", Json::array({location(file, own_place ? leak.site->line : user.line, user.name)})}};
  Json lines = Json::array();
  std::string fingerprint;
  for (const FrameNumber number : shown) {
    const StackFrame& frame = frames.frame(number);
    Json line{{"location", location(frame.file, frame.line, frame.name)}};
    if (!frame.module.empty()) {
      line["module"] = printable(file_name(frame.module));
    }
    lines.push_back(std::move(line));
    fingerprint += frame.name + ';';
  }
  const bool is_cut = shown.size() < stack.size();
  json["stacks"] = Json::array({{{"message", {{"text", is_cut ? "allocated at (cut)" : "allocated at"}}},
                                 {"frames", std::move(lines)}}});
  // Neither addresses nor lines: the same leak in the next build.
  json["partialFingerprints"]["stackFunctions/v1"] = fingerprint + leak.site->description;
  if (leak.suppressed) {
    json["suppressions"] = Json::array({{{"kind", "external"}}});
  }
  json["properties"] = {{"blocks", leak.lost.blocks}, {"bytes", leak.lost.bytes}};
  return json;
}

// Characters that XML 1.0 has no way to hold are gone after `printable`.
std::string in_xml(std::string_view text) {
  std::string out;
  for (const char character : printable(text)) {
    switch (character) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += character;
    }
  }
  return out;
}

}  // namespace

std::string sarif_leaks(const Profile& profile, Symbolizer& symbolizer, std::string_view version) {
  StackFrames frames{profile, symbolizer};
  StackAllowance allowance{frames};
  Json results = Json::array();
  for (const Leak& leak : leaks_of(profile)) {
    results.push_back(result(leak, frames, allowance));
  }
  const std::string unknown = why_unknown(profile);
  Json invocation{{"executionSuccessful", unknown.empty()}};
  if (!profile.command_line.empty()) {
    invocation["commandLine"] = profile.command_line;
  }
  if (!unknown.empty()) {
    invocation["toolExecutionNotifications"] =
        Json::array({{{"level", "error"}, {"message", {{"text", unknown}}}}});
  }
  const Json rule{
      {"id", "leak"},
      {"name", "MemoryLeak"},
      {"shortDescription", {{"text", "Memory that was never freed, and that nothing points to any more."}}},
      {"defaultConfiguration", {{"level", "error"}}}};
  const Json run{
      {"tool", {{"driver", {{"name", "arpent"}, {"version", version}, {"rules", Json::array({rule})}}}}},
      {"invocations", Json::array({invocation})},
      {"columnKind", "utf16CodeUnits"},
      {"results", std::move(results)}};
  const Json json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", Json::array({run})}};
  return json.indented() + "\n";
}

std::string junit_leaks(const Profile& profile, Symbolizer& symbolizer) {
  StackFrames frames{profile, symbolizer};
  StackAllowance allowance{frames};
  const std::vector<Leak> leaks = leaks_of(profile);
  const auto suppressed = static_cast<std::size_t>(std::ranges::count_if(leaks, &Leak::suppressed));
  const bool known = leaks_are_known(profile);
  const std::string unknown = why_unknown(profile);
  const bool one_for_all = !unknown.empty() || leaks.empty();
  const std::string program = in_xml(file_name(profile.program));
  std::string cases;
  if (one_for_all) {
    cases = fmt::format("    <testcase name=\"no memory is leaked\" classname=\"{}\" time=\"0\"", program);
    cases +=
        unknown.empty()
            ? "/>\n"
            : fmt::format(">\n      <error message=\"{}\" type=\"not-done\"/>\n    </testcase>\n", unknown);
  }
  for (const Leak& leak : known ? leaks : std::vector<Leak>{}) {
    cases += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"0\">\n",
                         in_xml(site_label(*leak.site, frames)), program);
    if (leak.suppressed) {
      cases += fmt::format("      <skipped message=\"{}, suppressed\"/>\n", in_xml(message_of(leak)));
    } else {
      cases += fmt::format("      <failure message=\"{}\" type=\"leak\">", in_xml(message_of(leak)));
      const std::vector<FrameNumber> stack = frames.of(*leak.site);
      const std::span<const FrameNumber> shown = allowance.shown(stack, frames.user_index(stack));
      for (const FrameNumber number : shown) {
        cases += '\n' + in_xml(one_line(frames.frame(number)));
      }
      cases += shown.size() < stack.size() ? "\n(cut)\n</failure>\n" : "\n</failure>\n";
    }
    cases += "    </testcase>\n";
  }
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"",
                                         (known ? leaks.size() : 0) + (one_for_all ? 1 : 0),
                                         known ? leaks.size() - suppressed : 0, unknown.empty() ? 0 : 1);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"arpent\" {0} time=\"0\">\n"
      "  <testsuite name=\"{1}\" {0} skipped=\"{2}\" time=\"0\">\n"
      "{3}"
      "  </testsuite>\n"
      "</testsuites>\n",
      counts, program, known ? suppressed : 0, cases);
}

}  // namespace ar::profile
