// Watches itself: a server loop that leaks at one place, a region that must give back what it takes. Says
// what it saw; without Arpent in the process it says that.
#include <arpent/profile.hpp>
#include <cstdio>
#include <cstdlib>

namespace {

void* volatile kept[64];
int kept_count = 0;

[[gnu::noinline]] void keep_session(std::size_t bytes) {
  kept[kept_count++] = std::malloc(bytes);
  asm volatile("" ::: "memory");
}

[[gnu::noinline]] void serve_request() {
  void* volatile scratch = std::malloc(1000);
  keep_session(48);
  std::free(scratch);
}

[[gnu::noinline]] void well_behaved() {
  for (int i = 0; i < 100; ++i) {
    void* volatile block = std::malloc(500);
    std::free(block);
  }
}

long long total(const std::vector<ar::Growth>& grown) {
  long long bytes = 0;
  for (const ar::Growth& growth : grown) {
    bytes += growth.bytes;
  }
  return bytes;
}

}  // namespace

int main() {
  if (!ar::is_tracking()) {
    const ar::Snapshot none = ar::snapshot();
    std::printf("not tracked: %d %d %zu %lld\n", static_cast<int>(static_cast<bool>(none)),
                static_cast<int>(ar::mark_moment("x")), ar::grown(none, none).size(),
                static_cast<long long>(none.live_bytes()));
    return 0;
  }
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  ar::mark_moment("ready");
  const ar::Snapshot before = ar::snapshot();
  for (int i = 0; i < 10; ++i) {
    serve_request();
  }
  const ar::Snapshot after = ar::snapshot();
  ar::mark_moment("served");
  const std::vector<ar::Growth> grown = ar::grown(before, after);
  std::printf("requests: %zu places, %lld blocks, %lld bytes, live %lld more\n", grown.size(),
              grown.empty() ? 0LL : static_cast<long long>(grown[0].blocks), total(grown),
              static_cast<long long>(after.live_bytes() - before.live_bytes()));
  std::printf("deep: %d\n", static_cast<int>(!grown.empty() && grown[0].stack.size() >= 3));

  const ar::Snapshot start = ar::snapshot();
  well_behaved();
  std::printf("region: %zu places\n", ar::grown(start, ar::snapshot()).size());

  {
    const ar::TrackingPause pause;
    keep_session(7);
    keep_session(9);
  }
  std::vector<ar::Growth> paused = ar::grown(start, ar::snapshot());
  std::printf("paused: %zu places, %lld bytes, %s\n", paused.size(), total(paused),
              paused.empty() ? "" : paused[0].description.c_str());
  std::vector<ar::Growth>().swap(paused);
  keep_session(11);
  std::printf("again: %zu places\n", ar::grown(start, ar::snapshot()).size());
  for (int i = 0; i < kept_count; ++i) {
    std::free(kept[i]);
  }
  std::printf("freed: %zu places\n", ar::grown(start, ar::snapshot()).size());
  return 0;
}
