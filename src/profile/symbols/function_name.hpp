// Names of functions, and which functions are only wrappers around an allocation.
#pragma once

#include <string>
#include <string_view>

namespace ar::profile {

// A demangled name without return type and parameters, and with long template arguments shortened to <…>:
// "void ns::List<int>::add(int const&)" -> "ns::List<int>::add".
[[nodiscard]] std::string short_name(std::string_view demangled_name);

// True for code that allocates on its caller's behalf: the C++ standard library's headers, allocator
// adaptors, arpent's own headers. Reports pass it over in favour of the caller where they can.
[[nodiscard]] bool is_wrapper(std::string_view function, std::string_view file);

}  // namespace ar::profile
