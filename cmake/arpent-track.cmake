# Keeps the configuration of a project's modules alike, in all of their languages. Included by find_package(arpent).
#
#   arpent_track(TARGET…)
#       Compiles all of the targets' C and C++ with DEBUG and debug information, and finds ar_heap.h and
#       <arpent/…>. Zig objects that arpent_zig_object adds to the target are tracked likewise. What is linked is
#       not changed: the program links arpent::heap.
#   arpent_zig_object(TARGET FILE.zig [OPTIONS …])
#       Compiles FILE.zig, with ar_allocator and ar_heap.h at hand, and adds the object to the target. It is
#       tracked when the target is, whether arpent_track was called before or is called after. The compiler is
#       ARPENT_ZIG, else `zig` on the path. OPTIONS go to it as they are (-OReleaseSafe).
#   arpent_check(TARGET…)
#       Fails the build when a target mixes tracked and untracked modules, as `arpent check --strict` sees it.

function(_arpent_require function target)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${function}: there is no target '${target}'; call it after the target is defined.")
  endif()
  get_target_property(imported ${target} IMPORTED)
  get_target_property(type ${target} TYPE)
  get_target_property(alias ${target} ALIASED_TARGET)
  if(imported OR alias OR type MATCHES "^(INTERFACE_LIBRARY|UTILITY)$")
    message(
      FATAL_ERROR "${function}: '${target}' compiles nothing here (it is imported, an alias or without "
                  "sources); name the target that has the sources.")
  endif()
endfunction()

function(_arpent_at_least_one function)
  if(NOT ARGN)
    message(FATAL_ERROR "${function}: name a target at least.")
  endif()
endfunction()

function(arpent_track)
  _arpent_at_least_one(arpent_track ${ARGN})
  foreach(target IN LISTS ARGN)
    _arpent_require(arpent_track ${target})
    set_target_properties(${target} PROPERTIES ARPENT_TRACKED TRUE)
    target_compile_definitions(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C,CXX>:DEBUG>")
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C,CXX>:-g>")
    target_include_directories(${target} PRIVATE "$<TARGET_PROPERTY:arpent::heap_static,INTERFACE_INCLUDE_DIRECTORIES>")
  endforeach()
endfunction()

function(arpent_zig_object target source)
  _arpent_require(arpent_zig_object ${target})
  cmake_parse_arguments(PARSE_ARGV 2 zig "" "" "OPTIONS")
  if(zig_UNPARSED_ARGUMENTS)
    message(
      FATAL_ERROR "arpent_zig_object: '${zig_UNPARSED_ARGUMENTS}' is not understood; it takes a target, one "
                  "file, and OPTIONS.")
  endif()
  find_program(ARPENT_ZIG zig DOC "The Zig compiler of arpent_zig_object")
  if(NOT ARPENT_ZIG)
    message(FATAL_ERROR "arpent_zig_object: no Zig compiler on the path; set ARPENT_ZIG to one.")
  endif()
  get_property(module GLOBAL PROPERTY ARPENT_ZIG_MODULE)
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT EXISTS "${source}")
    message(FATAL_ERROR "arpent_zig_object: there is no file '${source}'.")
  endif()
  cmake_path(GET source STEM LAST_ONLY name)
  cmake_path(GET source PARENT_PATH folder)
  string(SHA1 place "${source}")
  string(SUBSTRING "${place}" 0 8 place)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/zig-${place}/${name}.o")
  cmake_path(GET object PARENT_PATH object_folder)
  file(MAKE_DIRECTORY "${object_folder}")

  # Zig names no dependencies: whatever Zig file lies beside or below the source may be imported by it.
  file(GLOB_RECURSE beside CONFIGURE_DEPENDS "${folder}/*.zig")
  set(headers "$<TARGET_PROPERTY:arpent::heap_static,INTERFACE_INCLUDE_DIRECTORIES>")
  set(common "-I$<JOIN:${headers},;-I>" -D__ZIG__ "$<$<BOOL:$<TARGET_PROPERTY:${target},ARPENT_TRACKED>>:-DDEBUG>" -lc)
  add_custom_command(
    OUTPUT "${object}"
    COMMAND
      "${ARPENT_ZIG}" build-obj -fPIC -fno-strip -fcompiler-rt "-femit-bin=${object}" --name "${name}" --cache-dir
      "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/zig-cache" ${zig_OPTIONS} --dep ar_allocator "${common}"
      "-Mroot=${source}" "${common}" "-Mar_allocator=${module}"
    DEPENDS "${source}" ${beside} "${module}"
    COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Compiling Zig object ${name}.o of ${target}")
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_sources(${target} PRIVATE "${object}")
endfunction()

function(arpent_check)
  _arpent_at_least_one(arpent_check ${ARGN})
  get_property(command GLOBAL PROPERTY ARPENT_COMMAND)
  foreach(target IN LISTS ARGN)
    _arpent_require(arpent_check ${target})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      message(
        FATAL_ERROR "arpent_check: '${target}' is an object library, which is linked to no file; check the "
                    "targets that use it.")
    endif()
    add_custom_command(
      TARGET ${target} POST_BUILD COMMAND "${command}" check --strict --quiet "$<TARGET_FILE:${target}>" VERBATIM)
  endforeach()
endfunction()
