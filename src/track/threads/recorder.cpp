#include "track/threads/recorder.hpp"

namespace ar::track {

namespace {
Recorder* recorders = nullptr;
}

Recorder* first_recorder() noexcept { return recorders; }

void list_recorder(Recorder& recorder) noexcept {
  recorder.next = recorders;
  recorders = &recorder;
}

}  // namespace ar::track
