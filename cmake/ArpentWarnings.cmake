# arpent_warnings(TARGET): the warnings that all of our own code must be free of.
function(arpent_warnings target)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            # Not within another project, whose compiler we may not know.
            "$<$<BOOL:${PROJECT_IS_TOP_LEVEL}>:-Werror>"
            # libstdc++ 12's own std::stable_sort uses what it deprecates, and only clang says so, at our call.
            "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>")
endfunction()
