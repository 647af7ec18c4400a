// Tests src/heap/class_pages.cpp
// Producers hand blocks to consumers, who look at their content and free them. Batches are larger than pages,
// and each is shared out among the consumers, so that full pages get their blocks back from several threads.
#include <condition_variable>
#include <deque>
#include <mutex>

#include "support/stress.hpp"

using namespace ar::test;

namespace {

class Queue {
 public:
  void push(std::vector<Filled> batch) {
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  bool pop(std::vector<Filled>& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !batches_.empty(); });
    if (batches_.empty()) {
      return false;
    }
    batch = std::move(batches_.front());
    batches_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<Filled>> batches_;
  bool ended_ = false;
};

constexpr unsigned producers = 3;
constexpr unsigned consumers = 3;
constexpr int rounds = 12 * effort;

Queue queues[consumers];

void produce(unsigned self) {
  Random random(self + 1);
  for (int round = 0; round < rounds; ++round) {
    const std::size_t size = 1 + random.size(13);
    const std::size_t count = 2 * ar::heap::slice_size / size + 3;
    std::vector<Filled> shares[consumers];
    for (std::size_t i = 0; i < count; ++i) {
      shares[random.below(consumers)].push_back(make_filled(size, random.next()));
    }
    for (unsigned i = 0; i < consumers; ++i) {
      queues[i].push(std::move(shares[i]));
    }
  }
}

void consume(unsigned self) {
  Random random(self + 100);
  std::vector<Filled> batch;
  while (queues[self].pop(batch)) {
    for (std::size_t i = batch.size(); i > 1; --i) {
      std::swap(batch[i - 1], batch[random.below(i)]);
    }
    for (const Filled& filled : batch) {
      check_and_give_back(filled);
    }
  }
}

}  // namespace

int main() {
  std::thread ending([] {
    on_threads(producers, produce);
    for (Queue& queue : queues) {
      queue.end();
    }
  });
  on_threads(consumers, consume);
  ending.join();
  std::size_t live = 0;
  ar::heap::for_each_live_block(
      [](const ar::heap::BlockInfo&, void* context) {
        ++*static_cast<std::size_t*>(context);
        return true;
      },
      &live);
  CHECK(live == 0);
}
