# What keeps the build short.
#
# arpent_precompile(TARGET HEADER…): parses the given headers and the standard library's common ones once per target.
# Sources still include all that they use: scripts/tidy reads them without this. Neither CLI11 nor nlohmann-json: a unit
# that sees their classes compiles their functions, used or not.
function(arpent_precompile target)
  target_precompile_headers(
    ${target}
    PRIVATE
    ${ARGN}
    <algorithm>
    <array>
    <expected>
    <filesystem>
    <functional>
    <map>
    <memory>
    <optional>
    <ranges>
    <span>
    <string>
    <string_view>
    <unordered_map>
    <utility>
    <vector>)
  # Without times inside, what clang makes of the same headers is the same, and ccache finds it again.
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

# arpent_compile_quickly(TARGET): in the release build, less optimisation, and debug information that names functions and
# lines but no variables. For what never runs in users' processes: it takes half as long to compile, and a report takes
# 0.4 % more instructions.
function(arpent_compile_quickly target)
  if(NOT ARPENT_SANITIZER) # their presets optimise less yet
    target_compile_options(${target} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1;-g1>")
  endif()
endfunction()
