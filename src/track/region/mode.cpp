#include "track/region/mode.hpp"

#include "track/region/region.hpp"

namespace ar::track {

constinit std::uint8_t recording_state = static_cast<std::uint8_t>(Recording::sites);

namespace {

constinit Mode current_mode = Mode::off;

Recording usual_recording() noexcept {
  return current_mode == Mode::stacks ? Recording::stacks : Recording::sites;
}

}  // namespace

Mode mode() noexcept { return current_mode; }

void set_mode(Mode mode) noexcept {
  current_mode = mode;
  recording_state = static_cast<std::uint8_t>(usual_recording());
}

Header* profile() noexcept { return current_mode == Mode::off ? nullptr : header(); }

bool switch_recording(bool on) noexcept {
  const auto next = static_cast<std::uint8_t>(on ? usual_recording() : Recording::nothing);
  return __atomic_exchange_n(&recording_state, next, __ATOMIC_RELAXED) !=
         static_cast<std::uint8_t>(Recording::nothing);
}

}  // namespace ar::track
