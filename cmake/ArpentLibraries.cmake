# The libraries for users' processes, all from one relocatable object in which hidden symbols are local:
#   lib/libarpent.a            for linking in, into fully static executables too
#   lib/libarpent.so           for linking in
#   lib/libarpent-preload.so   for LD_PRELOAD
# and, from another such object, of the parts that it needs:
#   lib/libarpent-allocators.a   what stands behind ar::GeneralPurposeAllocator, beside any malloc
#
# One object, because an archive of many would be pulled in piecemeal: a program that only mentions
# ar_heap__malloc must get our malloc and operator new as well, and a static executable must never mix
# parts of ours with parts of libc's. Section groups are dissolved, so that the linker cannot drop our copy
# of an inline function, made local here, in favour of the user's.
#
# They are linked as C: the compiler's C++ driver would add libstdc++.

function(arpent_relocatable output)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_CXX_COMPILER}" -r -nostdlib -Wl,--force-group-allocation -o "${output}" ${ARGN}
    COMMAND "${CMAKE_OBJCOPY}" --localize-hidden "${output}"
    DEPENDS ${ARGN}
    COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Combining ${output}")
  set_source_files_properties("${output}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endfunction()

set(all_objects "$<TARGET_OBJECTS:arpent_core>" "$<TARGET_OBJECTS:arpent_abi>")
set(relocatable "${CMAKE_CURRENT_BINARY_DIR}/arpent.o")
arpent_relocatable("${relocatable}" ${all_objects})
if(TARGET arpent_preload_only)
  set(preload_relocatable "${CMAKE_CURRENT_BINARY_DIR}/arpent-preload.o")
  arpent_relocatable("${preload_relocatable}" ${all_objects} "$<TARGET_OBJECTS:arpent_preload_only>")
else()
  set(preload_relocatable "${relocatable}")
endif()
# Three libraries share the object; without a target of its own, it could be made three times at once.
add_custom_target(arpent_relocatables DEPENDS "${relocatable}" "${preload_relocatable}")
# Makefiles know no files of other targets.
add_dependencies(arpent_relocatables arpent_core arpent_abi)
if(TARGET arpent_preload_only)
  add_dependencies(arpent_relocatables arpent_preload_only)
endif()

add_library(arpent_static STATIC "${relocatable}")
add_library(arpent_shared SHARED "${relocatable}")
add_library(arpent_preload SHARED "${preload_relocatable}")

set(export_map "${PROJECT_SOURCE_DIR}/cmake/exported_symbols.map")
foreach(library arpent_static arpent_shared arpent_preload)
  add_dependencies(${library} arpent_relocatables)
  set_target_properties(
    ${library}
    PROPERTIES LINKER_LANGUAGE C
               ARCHIVE_OUTPUT_DIRECTORY "${ARPENT_OUTPUT_DIR}/lib"
               LIBRARY_OUTPUT_DIRECTORY "${ARPENT_OUTPUT_DIR}/lib")
endforeach()
foreach(library arpent_shared arpent_preload)
  target_link_options(
    ${library}
    PRIVATE
    "LINKER:-z,defs"
    "LINKER:-z,now"
    "LINKER:-z,relro"
    "LINKER:-z,nodelete"
    "LINKER:--version-script=${export_map}")
  set_target_properties(${library} PROPERTIES LINK_DEPENDS "${export_map}")
endforeach()
target_include_directories(arpent_static INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
target_include_directories(arpent_shared INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
set_target_properties(arpent_static PROPERTIES OUTPUT_NAME arpent EXPORT_NAME heap_static)
set_target_properties(
  arpent_shared
  PROPERTIES OUTPUT_NAME arpent
             EXPORT_NAME heap_shared
             VERSION "${PROJECT_VERSION}"
             SOVERSION "${PROJECT_VERSION_MAJOR}")
set_target_properties(arpent_preload PROPERTIES OUTPUT_NAME arpent-preload)
# Its constructors run before those of the program's libraries, which may exec, fork or end the process.
target_link_options(arpent_preload PRIVATE "LINKER:-z,initfirst")

# The allocators: headers that work with any malloc and replace none, and the library behind one of them. Programs that
# use <arpent/heap_allocator.hpp>, or <arpent/heap.hpp> with DEBUG, link arpent::heap as well.
set(allocators_relocatable "${CMAKE_CURRENT_BINARY_DIR}/arpent-allocators.o")
arpent_relocatable(
  "${allocators_relocatable}"
  "$<TARGET_OBJECTS:arpent_general_purpose>"
  "$<FILTER:$<TARGET_OBJECTS:arpent_core>,INCLUDE,/(platform|unwind)/|/heap/(class_pages|heap_list)[.]>")
add_library(arpent_allocators STATIC "${allocators_relocatable}")
add_dependencies(arpent_allocators arpent_core arpent_general_purpose)
add_library(arpent::allocators ALIAS arpent_allocators)
set_target_properties(
  arpent_allocators
  PROPERTIES LINKER_LANGUAGE C
             OUTPUT_NAME arpent-allocators
             EXPORT_NAME allocators
             ARCHIVE_OUTPUT_DIRECTORY "${ARPENT_OUTPUT_DIR}/lib")
target_include_directories(arpent_allocators INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
target_compile_features(arpent_allocators INTERFACE cxx_std_23)
