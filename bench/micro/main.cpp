// The micro benchmarks: Google Benchmark's command line, and two options of our own.
//
//   --probe     print as JSON who serves malloc, free and operator new, and what this was built with
//   --scale=X   do X times the work (for trying the machinery; figures then mean nothing)
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <gnu/libc-version.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "registry.hpp"

namespace {

#ifdef __clang__
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

// The file that defines the function for this process: proof that a preloaded library is in effect.
std::string provider(const char* function) {
  void* address = dlsym(RTLD_DEFAULT, function);
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_fname == nullptr) {
    return "";
  }
  return info.dli_fname;
}

void print_probe() {
  std::printf(R"({"malloc": "%s", "free": "%s", "new": "%s", "compiler": "%s", "glibc": "%s"})"
              "\n",
              provider("malloc").c_str(), provider("free").c_str(), provider("_Znwm").c_str(), compiler,
              gnu_get_libc_version());
}

void register_all(double scale) {
  const ar::bench::Registry registry(scale);
  ar::bench::register_pairs(registry);
  ar::bench::register_call_sites(registry);
  ar::bench::register_batches(registry);
  ar::bench::register_growth(registry);
  ar::bench::register_zeroed(registry);
  ar::bench::register_large(registry);
  ar::bench::register_producer_consumer(registry);
  ar::bench::register_handover(registry);
  ar::bench::register_generations(registry);
  ar::bench::register_thread_churn(registry);
  ar::bench::register_live_set(registry);
}

constexpr std::string_view scale_option = "--scale=";

}  // namespace

int main(int argument_count, char** arguments) {
  double scale = 1;
  std::vector<char*> remaining;
  for (int index = 0; index < argument_count; ++index) {
    const std::string_view argument = arguments[index];
    if (argument == "--probe") {
      print_probe();
      return 0;
    }
    if (argument.starts_with(scale_option)) {
      char* end = nullptr;
      scale = std::strtod(arguments[index] + scale_option.size(), &end);
      if (*end != '\0' || scale <= 0 || scale > 1 || std::isnan(scale)) {
        std::fprintf(stderr, "bench: %s: a number above 0 and at most 1 must follow --scale=\n",
                     arguments[index]);
        return 2;
      }
      continue;
    }
    remaining.push_back(arguments[index]);
  }
  remaining.push_back(nullptr);
  auto remaining_count = static_cast<int>(remaining.size()) - 1;
  benchmark::Initialize(&remaining_count, remaining.data());
  if (benchmark::ReportUnrecognizedArguments(remaining_count, remaining.data())) {
    return 2;
  }
  register_all(scale);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
