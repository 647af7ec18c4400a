#include "platform/sandbox.hpp"

namespace ar::platform {

constinit bool sandbox_entered = false;

bool set_sandboxed(bool on) noexcept { return __atomic_exchange_n(&sandbox_entered, on, __ATOMIC_RELAXED); }

}  // namespace ar::platform
