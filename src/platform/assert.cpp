#include "platform/assert.hpp"

#include <cstdlib>

#include "platform/text.hpp"

namespace ar::platform {

void fail_assertion(const char* file, unsigned line, const char* expression) noexcept {
  {
    TextWriter out{2};
    out.text("arpent: assertion failed at ").text(file).text(":").number(line).text(": ");
    out.text(expression).text("\n");
  }
  std::abort();
}

}  // namespace ar::platform
