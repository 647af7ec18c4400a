// Digits as somebody might write them: strokes, bent, turned and moved by chance, with a pen of some width,
// and dust. The same seed draws the same digits.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "digit_model.hpp"

namespace digits {

// splitmix64
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t number() {
    std::uint64_t bits = state_ += 0x9e3779b97f4a7c15U;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31U);
  }
  [[nodiscard]] float between(float low, float high) {
    return low + (high - low) * (static_cast<float>(number() >> 40U) * 0x1p-24F);
  }

 private:
  std::uint64_t state_;
};

struct Point {
  float x, y;  // of the page: 0 is left and top, 1 right and bottom
};
using Stroke = std::vector<Point>;

[[nodiscard]] inline const std::vector<Stroke>& strokes_of(std::size_t digit) {
  static const std::array<std::vector<Stroke>, classes> all{{
      {{{.5F, .1F},
        {.3F, .2F},
        {.22F, .5F},
        {.3F, .8F},
        {.5F, .9F},
        {.7F, .8F},
        {.78F, .5F},
        {.7F, .2F},
        {.5F, .1F}}},
      {{{.35F, .27F}, {.52F, .1F}, {.52F, .9F}}},
      {{{.25F, .3F},
        {.32F, .15F},
        {.5F, .1F},
        {.68F, .17F},
        {.72F, .32F},
        {.6F, .52F},
        {.25F, .9F},
        {.75F, .9F}}},
      {{{.27F, .15F},
        {.5F, .1F},
        {.7F, .2F},
        {.68F, .38F},
        {.48F, .48F},
        {.7F, .58F},
        {.74F, .75F},
        {.55F, .9F},
        {.27F, .85F}}},
      {{{.65F, .9F}, {.65F, .1F}, {.22F, .65F}, {.8F, .65F}}},
      {{{.72F, .1F},
        {.33F, .1F},
        {.3F, .45F},
        {.55F, .42F},
        {.73F, .55F},
        {.72F, .77F},
        {.5F, .9F},
        {.27F, .83F}}},
      {{{.65F, .1F},
        {.4F, .3F},
        {.28F, .6F},
        {.33F, .83F},
        {.52F, .9F},
        {.7F, .8F},
        {.7F, .62F},
        {.52F, .52F},
        {.33F, .6F}}},
      {{{.25F, .1F}, {.75F, .1F}, {.45F, .9F}}},
      {{{.5F, .48F},
        {.32F, .38F},
        {.32F, .2F},
        {.5F, .1F},
        {.68F, .2F},
        {.68F, .38F},
        {.5F, .48F},
        {.28F, .62F},
        {.28F, .8F},
        {.5F, .9F},
        {.72F, .8F},
        {.72F, .62F},
        {.5F, .48F}}},
      {{{.67F, .4F},
        {.5F, .48F},
        {.32F, .38F},
        {.32F, .2F},
        {.5F, .1F},
        {.67F, .2F},
        {.67F, .4F},
        {.62F, .65F},
        {.45F, .9F}}},
  }};
  return all[digit];
}

[[nodiscard]] inline float distance(Point point, Point from, Point to) {
  const float dx = to.x - from.x;
  const float dy = to.y - from.y;
  const float along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / (dx * dx + dy * dy + 1e-9F);
  const float held = std::clamp(along, 0.0F, 1.0F);
  return std::hypot(point.x - from.x - held * dx, point.y - from.y - held * dy);
}

using Image = std::array<std::uint8_t, pixels>;

[[nodiscard]] inline Image draw(std::size_t digit, Chance& chance) {
  const float turn = chance.between(-0.25F, 0.25F);
  const float slant = chance.between(-0.25F, 0.25F);
  const float width = chance.between(0.75F, 1.1F);
  const float height = chance.between(0.8F, 1.05F);
  const Point shift{chance.between(-0.08F, 0.08F), chance.between(-0.06F, 0.06F)};
  const float pen = chance.between(0.05F, 0.1F);
  std::vector<Stroke> strokes = strokes_of(digit);
  for (Stroke& stroke : strokes) {
    for (Point& point : stroke) {
      const float x = (point.x - 0.5F + chance.between(-0.03F, 0.03F)) * width - slant * (point.y - 0.5F);
      const float y = (point.y - 0.5F + chance.between(-0.03F, 0.03F)) * height;
      point = {0.5F + x * std::cos(turn) - y * std::sin(turn) + shift.x,
               0.5F + x * std::sin(turn) + y * std::cos(turn) + shift.y};
    }
  }
  Image image{};
  for (std::size_t at = 0; at < pixels; ++at) {
    const Point here{(static_cast<float>(at % side) + 0.5F) / side,
                     (static_cast<float>(at / side) + 0.5F) / side};
    float nearest = 1;
    for (const Stroke& stroke : strokes) {
      for (std::size_t next = 1; next < stroke.size(); ++next) {
        nearest = std::min(nearest, distance(here, stroke[next - 1], stroke[next]));
      }
    }
    const float ink = (pen - nearest) / 0.05F + 0.5F + chance.between(-0.15F, 0.15F);
    image[at] = static_cast<std::uint8_t>(255 * std::clamp(ink, 0.0F, 1.0F));
  }
  return image;
}

}  // namespace digits
