#include "platform/relocation.hpp"

namespace ar::platform {

constinit const volatile void* const volatile relocated_word = &relocated_word;

}  // namespace ar::platform
