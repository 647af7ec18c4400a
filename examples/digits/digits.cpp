// digits FILE: draws digits that the classifier in FILE has not seen, and asks it what they are.
//
// One digit of each kind is shown; then a thousand are classified in one inference. Exit status: 0 done, 1
// the weights cannot be used or memory ran out, 2 wrong usage.
#include <arpent/c_allocator.hpp>
#include <arpent/ml/session.hpp>
#include <arpent/ml/weight_store.hpp>
#include <cstdio>
#include <span>
#include <vector>

#include "digit_images.hpp"
#include "digit_model.hpp"

namespace {

using namespace digits;

void show(const Image& image) {
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      std::putchar(" .:#"[image[row * side + column] / 64]);
    }
    std::putchar('\n');
  }
}

int fail(const char* text) {
  std::fprintf(stderr, "digits: %s\n", text);
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: digits FILE.safetensors\n");
    return 2;
  }
  // Persistent: the file's pages, which all processes that run this model share.
  const auto weights = ar::ml::WeightStore::map(arguments[1], {.prefault = true});
  if (!weights) {
    return fail(weights.error().text.c_str());
  }
  const auto model = DigitModel::from(*weights);
  if (!model) {
    return fail(model.error().text.c_str());
  }
  // Scratch: an arena that each inference leaves empty, and which keeps 64 KiB of an outlier.
  ar::ml::Session session{*model, ar::c_allocator, {.retain_limit = 64 * 1024}};

  Chance chance{2};
  for (std::size_t digit = 0; digit < classes; ++digit) {
    const Image image = draw(digit, chance);
    const auto answer = session.run(std::span<const std::uint8_t>{image}, ar::c_allocator);
    if (!answer) {
      return fail(ar::ml::message(answer.error()));
    }
    const std::size_t guess = DigitModel::best(answer->get());
    show(image);
    std::printf("a %zu, taken for a %zu (%.0f %%)\n", digit, guess,
                100 * static_cast<double>((*answer)[guess]));
  }
  std::printf("scratch of one image: %zu bytes; the arena keeps %zu\n", session.high_water_mark(),
              session.retained());

  constexpr std::size_t many = 1000;
  std::vector<std::uint8_t> images;
  for (std::size_t index = 0; index < many; ++index) {
    const Image image = draw(index % classes, chance);
    images.insert(images.end(), image.begin(), image.end());
  }
  const auto answers = session.run(std::span<const std::uint8_t>{images}, ar::c_allocator);
  if (!answers) {
    return fail(ar::ml::message(answers.error()));
  }
  std::size_t right = 0;
  for (std::size_t index = 0; index < many; ++index) {
    right += DigitModel::best(answers->get().subspan(index * classes, classes)) == index % classes ? 1 : 0;
  }
  std::printf("%zu of %zu right\n", right, many);
  std::printf("scratch of %zu images: %zu bytes; the arena keeps %zu\n", many, session.high_water_mark(),
              session.retained());
  return 0;
}
