// Tests src/heap/class_pages.cpp
// Owners fill pages of few blocks while others free into them at once: pages turn full and get room again as
// often as can be, so that the notices of remote frees (class_pages.hpp) cross all that the owner does.
#include <atomic>

#include "heap/statistics.hpp"
#include "support/stress.hpp"

using namespace ar::test;

namespace {

constexpr unsigned owners = 2;
constexpr unsigned thieves = 2;
constexpr int rounds = 8000 * effort;
constexpr std::size_t places = 48;
constexpr std::size_t sizes[] = {8192, 7000, 60000, 2000};  // 8, 9, 8 and 31 blocks a page

struct Place {
  std::atomic<Filled*> filled{nullptr};
};

Place mailboxes[owners][places];
std::atomic<unsigned> owners_left{owners};

void own(unsigned self) {
  Random random(self + 1);
  std::vector<Filled*> spare;
  for (std::size_t i = 0; i < places * 2; ++i) {
    spare.push_back(new Filled);
  }
  for (int round = 0; round < rounds; ++round) {
    Place& place = mailboxes[self][random.below(places)];
    Filled* filled = spare.back();
    *filled = make_filled(sizes[(round >> 9) % 4], random.next());
    Filled* before = place.filled.exchange(filled, std::memory_order_acq_rel);
    if (before != nullptr) {
      check_and_give_back(*before);
      spare.back() = before;
    } else {
      spare.back() = new Filled;
    }
  }
  for (Filled* each : spare) {
    delete each;
  }
  owners_left.fetch_sub(1);
}

void steal(unsigned self) {
  Random random(self + 50);
  while (owners_left.load() != 0) {
    Place& place = mailboxes[random.below(owners)][random.below(places)];
    if (Filled* filled = place.filled.exchange(nullptr, std::memory_order_acq_rel); filled != nullptr) {
      check_and_give_back(*filled);
      delete filled;
    }
  }
}

}  // namespace

int main() {
  on_threads(owners + thieves, [](unsigned i) { i < owners ? own(i) : steal(i); });
  for (auto& mailbox : mailboxes) {
    for (Place& place : mailbox) {
      if (Filled* filled = place.filled.load(); filled != nullptr) {
        check_and_give_back(*filled);
        delete filled;
      }
    }
  }
  // At most 96 blocks of 60,000 bytes were alive at once: 12 pages of half a MiB for each size. If notices
  // were lost, full pages would never be used again.
  const ar::heap::Statistics statistics = ar::heap::statistics();
  CHECK(statistics.mapped_in_segments <= std::size_t{128} << 20U);
}
