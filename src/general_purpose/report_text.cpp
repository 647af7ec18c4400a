#include "general_purpose/report_text.hpp"

#include <cerrno>
#include <cstring>

#include "platform/environment.hpp"
#include "platform/loaded_module.hpp"
#include "platform/lock.hpp"
#include "platform/options.hpp"
#include "platform/signal_shield.hpp"

namespace ar::general_purpose {

namespace {

constexpr std::size_t path_size = 4096;

constinit platform::Lock turn;  // of whoever is being symbolized; guards what follows
platform::StartEnvironment environment;
char chosen_symbolizer[path_size];

platform::SymbolizerSearch search() noexcept {
  return {platform::is_secure_execution()
              ? nullptr
              : platform::environment_value(platform::option("ARPENT_SYMBOLIZER").name, chosen_symbolizer,
                                            sizeof chosen_symbolizer),
          nullptr};
}

}  // namespace

void ReportText::frame(std::uint32_t number, std::uintptr_t return_address) noexcept {
  out_.text("\n    #").number(number).text(" ");
  platform::LoadedModule module;
  char buffer[path_size];
  if (!platform::find_loaded_module(return_address - 1, module)) {
    out_.hex(return_address - 1);
    return;
  }
  const char* const path = platform::module_path(module.path, buffer, sizeof buffer);
  if (places_ == platform::Places::for_symbolizing) {
    platform::write_address(out_,
                            {path, module.build_id, module.build_id_size, return_address - module.load_bias},
                            platform::Shown::function_and_place);
    return;
  }
  const char* const slash = std::strrchr(path, '/');
  out_.printable(slash == nullptr ? path : slash + 1).text("+").hex(return_address - 1 - module.load_bias);
}

void print_report(platform::MessageWriter write, const void* context) noexcept {
  const int saved = errno;
  const platform::SignalShield shield{platform::SignalShield::Ends::let_through};
  bool printed = false;
  if (turn.try_lock()) {
    printed = platform::print_symbolized(write, context, search, environment);
    turn.unlock();
  }
  if (!printed) {
    platform::print_with_addresses(write, context);
  }
  errno = saved;
}

}  // namespace ar::general_purpose
