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

# In the release build, debug information that names functions and lines but no variables, and, QUICKLY, less
# optimisation. For what never runs in users' processes: each takes about a quarter off the time to compile. The profile
# layer, where reports spend their time, keeps its optimisation.
function(arpent_line_tables target)
  if(NOT ARPENT_SANITIZER) # their presets optimise less yet
    cmake_parse_arguments(PARSE_ARGV 1 line_tables "QUICKLY" "" "")
    if(line_tables_QUICKLY)
      target_compile_options(${target} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1>")
    endif()
    target_compile_options(${target} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-g1>")
  endif()
endfunction()
