# How tests are made of the files of a folder. What is in tests/CMakeLists.txt says for which folders.

# A test executable that runs no test, or skips one, has shown nothing.
set(nothing_shown "Running 0 tests;\\[  SKIPPED \\]")

set(test_programs_dir "${CMAKE_CURRENT_BINARY_DIR}/programs")

function(arpent_test_settings target)
  target_link_libraries(${target} PRIVATE arpent_settings Threads::Threads)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  arpent_warnings(${target})
endfunction()

# Less optimised than what is shipped, which takes half as long to compile. Programs and whole-program tests have -O2.
function(arpent_unit_test_settings target)
  arpent_test_settings(${target})
  if(NOT ARPENT_SANITIZER)
    target_compile_options(${target} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1;-g1>")
  endif()
  target_link_libraries(${target} PRIVATE GTest::gmock)
endfunction()

# GoogleTest is compiled once for all.
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/googletest_ahead.cpp" "int main() {}\n")
add_executable(googletest_ahead "${CMAKE_CURRENT_BINARY_DIR}/googletest_ahead.cpp")
arpent_unit_test_settings(googletest_ahead)
target_precompile_headers(googletest_ahead PRIVATE <gmock/gmock.h> <gtest/gtest.h>)

# What scripts/coverage builds: all that unit and stress tests need, so no program and no library of ours.
add_custom_target(unit_and_stress_tests)

function(arpent_unit_test source links)
  cmake_path(GET source STEM name)
  add_executable(${name} "${source}")
  arpent_unit_test_settings(${name})
  target_link_libraries(${name} PRIVATE GTest::gtest_main ${links})
  target_precompile_headers(${name} REUSE_FROM googletest_ahead)
  add_dependencies(unit_and_stress_tests ${name})
  string(REGEX REPLACE "_test$" "" short "${name}")
  add_test(NAME unit.${short} COMMAND ${name})
  set_tests_properties(unit.${short} PROPERTIES TIMEOUT 900 FAIL_REGULAR_EXPRESSION "${nothing_shown}" LABELS unit)
endfunction()

function(arpent_stress_test source links)
  cmake_path(GET source STEM name)
  string(REGEX REPLACE "_stress$" "" short "${name}")
  add_executable(${name} "${source}")
  arpent_test_settings(${name})
  target_link_libraries(${name} PRIVATE ${links})
  add_dependencies(unit_and_stress_tests ${name})
  add_test(NAME stress.${short} COMMAND ${name})
  set_tests_properties(stress.${short} PROPERTIES TIMEOUT 900 LABELS stress)
endfunction()

# Programs have no optimisation and no builtins, so that each call in the source is a call in the program.
function(arpent_test_program target source links)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(${target} PRIVATE Threads::Threads ${links})
  arpent_warnings(${target})
  set_target_properties(
    ${target}
    PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${test_programs_dir}" LIBRARY_OUTPUT_DIRECTORY "${test_programs_dir}")
  if(source MATCHES "_O2\\.[a-z]+$")
    target_compile_options(${target} PRIVATE -O2 -g)
  else()
    target_compile_options(${target} PRIVATE -O0 -g -fno-builtin -fno-omit-frame-pointer)
  endif()
endfunction()

function(arpent_test_programs folder links)
  file(GLOB programs CONFIGURE_DEPENDS ${folder}/programs/*.c ${folder}/programs/*.cpp)
  foreach(source IN LISTS programs)
    cmake_path(GET source STEM name)
    add_executable(program_${name} "${source}")
    arpent_test_program(program_${name} "${source}" "${links}")
    set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name})
  endforeach()
  file(GLOB modules CONFIGURE_DEPENDS ${folder}/programs/modules/*.c ${folder}/programs/modules/*.cpp)
  foreach(source IN LISTS modules)
    cmake_path(GET source STEM name)
    add_library(module_${name} MODULE "${source}")
    arpent_test_program(module_${name} "${source}" "")
    set_target_properties(module_${name} PROPERTIES OUTPUT_NAME ${name} PREFIX "")
    add_dependencies(unit_and_stress_tests module_${name})
  endforeach()
  file(GLOB linked_programs CONFIGURE_DEPENDS ${folder}/programs/linked/*.c ${folder}/programs/linked/*.cpp)
  foreach(source IN LISTS linked_programs)
    cmake_path(GET source STEM name)
    foreach(kind static shared)
      add_executable(linked_${name}_${kind} "${source}")
      arpent_test_program(linked_${name}_${kind} "${source}" arpent_${kind})
      set_target_properties(linked_${name}_${kind} PROPERTIES OUTPUT_NAME ${name}-${kind})
    endforeach()
  endforeach()
endfunction()

# A whole-program test runs in an empty folder of its own, with the same words from compilers on every machine.
set(whole_test_environment
    "ARPENT_BIN=${ARPENT_OUTPUT_DIR}/bin/arpent"
    "ARPENT_LIB=${ARPENT_OUTPUT_DIR}/lib"
    "ARPENT_PRELOAD=${ARPENT_OUTPUT_DIR}/lib/libarpent-preload.so"
    "TEST_PROGRAMS=${test_programs_dir}"
    "SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "BUILD_DIR=${PROJECT_BINARY_DIR}"
    "CC=${CMAKE_C_COMPILER}"
    "CXX=${CMAKE_CXX_COMPILER}"
    "LC_ALL=C.UTF-8")

function(arpent_whole_test script python_path)
  cmake_path(GET script STEM name)
  if(script MATCHES "\\.py$")
    set(interpreter python3)
  else()
    set(interpreter bash)
  endif()
  set(work_dir "${CMAKE_CURRENT_BINARY_DIR}/whole/${name}")
  file(MAKE_DIRECTORY "${work_dir}")
  add_test(
    NAME whole.${name} COMMAND "${PROJECT_SOURCE_DIR}/scripts/in-empty-folder" "${work_dir}" ${interpreter} "${script}")
  set(properties TIMEOUT 900)
  file(STRINGS "${script}" settings REGEX "^# ctest: ")
  if(settings MATCHES "TIMEOUT=([0-9]+)")
    set(properties TIMEOUT ${CMAKE_MATCH_1})
  endif()
  if(settings MATCHES "RUN_SERIAL")
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(settings MATCHES "COST=([0-9]+)")
    list(APPEND properties COST ${CMAKE_MATCH_1})
  endif()
  string(JOIN ":" python_path "${PROJECT_SOURCE_DIR}/tests" ${python_path})
  set_tests_properties(whole.${name} PROPERTIES LABELS whole ${properties})
  set_property(TEST whole.${name} PROPERTY ENVIRONMENT ${whole_test_environment} "PYTHONPATH=${python_path}")
  set_property(TEST whole.${name} PROPERTY ENVIRONMENT_MODIFICATION "DEBUGINFOD_URLS=unset:")
endfunction()

# arpent_tests(FOLDER [LINKS TARGET…] [PROGRAM_LINKS TARGET…] [NOT_SANITIZED NAME…] [PYTHONPATH FOLDER…])
# Unit and stress tests link LINKS; where one of these is not built, they are left out. Of the sanitizers' presets so are
# those in NOT_SANITIZED, and all that is not a unit or stress test. Programs link PROGRAM_LINKS.
function(arpent_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;PROGRAM_LINKS;NOT_SANITIZED;PYTHONPATH")
  set_property(DIRECTORY APPEND PROPERTY arpent_test_folders "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  set(is_built TRUE)
  foreach(target IN LISTS arg_LINKS)
    if(NOT TARGET ${target})
      set(is_built FALSE)
    endif()
  endforeach()
  if(is_built)
    file(GLOB unit_tests CONFIGURE_DEPENDS ${folder}/*_test.cpp)
    foreach(source IN LISTS unit_tests)
      cmake_path(GET source STEM name)
      if(NOT ARPENT_SANITIZER OR NOT name IN_LIST arg_NOT_SANITIZED)
        arpent_unit_test("${source}" "${arg_LINKS}")
      endif()
    endforeach()
    file(GLOB stress_tests CONFIGURE_DEPENDS ${folder}/*_stress.cpp)
    foreach(source IN LISTS stress_tests)
      arpent_stress_test("${source}" "${arg_LINKS}")
    endforeach()
  endif()
  if(NOT ARPENT_SANITIZER)
    arpent_test_programs(${folder} "${arg_PROGRAM_LINKS}")
    file(GLOB scripts CONFIGURE_DEPENDS ${folder}/*.sh ${folder}/*.py)
    foreach(script IN LISTS scripts)
      arpent_whole_test("${script}" "${arg_PYTHONPATH}")
    endforeach()
  endif()
endfunction()

# Stops where a test lies in a folder that arpent_tests was not called for: it would never run.
function(arpent_find_forgotten_tests)
  get_property(folders DIRECTORY PROPERTY arpent_test_folders)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS *_test.cpp *_stress.cpp *.sh *.py)
  foreach(test IN LISTS tests)
    cmake_path(GET test PARENT_PATH folder)
    if(NOT folder IN_LIST folders AND NOT folder STREQUAL "${CMAKE_CURRENT_SOURCE_DIR}/harness")
      message(FATAL_ERROR "${test}: no rule for its folder; add one to tests/CMakeLists.txt")
    endif()
  endforeach()
endfunction()
