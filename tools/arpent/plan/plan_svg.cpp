#include "arpent/plan/plan_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "profile/model/text_format.hpp"

namespace ar::command::plan {
namespace {

constexpr double left = 80;
constexpr double top = 36;
constexpr double width = 860;
constexpr double height = 480;
// A name is written into its rectangle when there is room for it.
constexpr double letter_width = 6.2;
constexpr double letter_height = 12;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : profile::printable(text)) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

// Neighbours in the list differ most: each is a golden angle further.
double hue(std::size_t index) {
  constexpr double golden_angle = 137.50776405;
  return std::fmod(static_cast<double>(index) * golden_angle, 360.0);
}

}  // namespace

std::string plan_svg(std::span<const std::string> names, std::span<const ml::Lifetime> lifetimes,
                     const ml::Plan& plan, std::optional<std::size_t> capacity) {
  double begin = 0;
  double end = 1;
  if (!lifetimes.empty()) {
    begin = static_cast<double>(std::ranges::min(lifetimes, {}, &ml::Lifetime::lower).lower);
    end = static_cast<double>(std::ranges::max(lifetimes, {}, &ml::Lifetime::upper).upper);
  }
  const double highest =
      static_cast<double>(std::max({plan.total, plan.lower_bound, capacity.value_or(0), std::size_t{1}}));
  const auto across = [&](double time) { return left + (time - begin) / (end - begin) * width; };
  const auto up = [&](double bytes) { return top + height - bytes / highest * height; };

  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 580\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n"
      "<rect width=\"960\" height=\"580\" fill=\"#fff\"/>\n"
      "<text x=\"{}\" y=\"22\" font-size=\"14\">{}: {}, {:.1f} % above the largest sum alive at once "
      "({})</text>\n",
      left, profile::counted(lifetimes.size(), "tensor"), profile::as_size(plan.total),
      (plan.ratio() - 1) * 100, profile::as_size(plan.lower_bound));
  for (std::size_t index = 0; index < lifetimes.size(); ++index) {
    const ml::Lifetime& lifetime = lifetimes[index];
    if (lifetime.size == 0) {
      continue;
    }
    const double x = across(static_cast<double>(lifetime.lower));
    const double y = up(static_cast<double>(plan.offsets[index] + lifetime.size));
    const double wide = across(static_cast<double>(lifetime.upper)) - x;
    const double high = up(static_cast<double>(plan.offsets[index])) - y;
    svg += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"hsl({:.0f},55%,72%)\" "
        "stroke=\"#333\" stroke-width=\"0.4\"><title>{}: {} at {}, alive from {} to {}</title></rect>\n",
        x, y, wide, high, hue(index), escaped(names[index]), profile::as_size(lifetime.size),
        plan.offsets[index], lifetime.lower, lifetime.upper);
    const std::string name = escaped(names[index]);
    if (high >= letter_height && wide >= letter_width * static_cast<double>(name.size() + 1)) {
      svg += fmt::format(
          "<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\" pointer-events=\"none\">{}</text>\n",
          x + wide / 2, y + high / 2 + 4, name);
    }
  }
  const auto line = [&](std::size_t bytes, std::string_view what, std::string_view colour, double shift) {
    const double y = up(static_cast<double>(bytes));
    svg += fmt::format(
        "<path d=\"M{} {:.2f}h{}\" stroke=\"{}\" stroke-dasharray=\"6 4\" fill=\"none\"/>\n"
        "<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"end\" fill=\"{}\">{}</text>\n",
        left, y, width, colour, left - 6, y + shift, colour, what);
  };
  line(plan.lower_bound, "bound", "#06c", 14);
  if (capacity) {
    line(*capacity, "capacity", "#c00", 2);
  }
  svg += fmt::format(
      "<path d=\"M{0} {1}v{2}h{3}\" stroke=\"#333\" fill=\"none\"/>\n"
      "<text x=\"{4}\" y=\"{5}\" text-anchor=\"end\">0</text>\n"
      "<text x=\"{0}\" y=\"{6}\">{7:.0f}</text>\n"
      "<text x=\"{8}\" y=\"{6}\" text-anchor=\"end\">{9:.0f}</text>\n"
      "<text x=\"{10}\" y=\"{6}\" text-anchor=\"middle\">time</text>\n"
      "<text x=\"24\" y=\"{11}\" text-anchor=\"middle\" transform=\"rotate(-90 24 "
      "{11})\">offset</text>\n</svg>\n",
      left, top, height, width, left - 6, top + height, top + height + 18, begin, left + width, end,
      left + width / 2, top + height / 2);
  return svg;
}

}  // namespace ar::command::plan
