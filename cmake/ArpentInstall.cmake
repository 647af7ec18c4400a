# What `cmake --install` puts where. All of it finds its parts relative to itself, so an installed tree may
# be moved. Its components are
#   runtime       the shared and the preload library
#   development   headers, archives, the Zig module, the CMake package and the pkg-config files
#   tools         the command, its manual pages and completions, and the course
#   debug         the debug information of what is installed stripped
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/arpent")

install(
  DIRECTORY "${PROJECT_SOURCE_DIR}/include/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.hpp")
install(
  DIRECTORY "${PROJECT_SOURCE_DIR}/zig/"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/zig"
  COMPONENT development
  FILES_MATCHING
  PATTERN "*.zig"
  PATTERN "*.zon"
  PATTERN "README.md"
  PATTERN "*cache*" EXCLUDE)
install(
  DIRECTORY "${PROJECT_SOURCE_DIR}/course/"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/course"
  COMPONENT tools
  PATTERN "wrong.txt" EXCLUDE
  PATTERN "site" EXCLUDE)
install(
  FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}"
  COMPONENT runtime)

if(TARGET arpent)
  install(TARGETS arpent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
  install(DIRECTORY "${ARPENT_MANUAL_DIR}/" DESTINATION "${CMAKE_INSTALL_DATADIR}" COMPONENT tools)
endif()
# Debian's policy keeps a library without soname, which nothing links, out of the linker's folder.
set(preload_dir "${CMAKE_INSTALL_LIBDIR}")
if(ARPENT_DEBIAN)
  string(APPEND preload_dir "/arpent")
endif()
install(TARGETS arpent_preload LIBRARY DESTINATION "${preload_dir}" COMPONENT runtime)
install(
  TARGETS arpent_static arpent_shared arpent_allocators arpent_ml
  EXPORT arpent_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development
  INCLUDES
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(
  EXPORT arpent_targets FILE arpent-targets.cmake NAMESPACE arpent:: DESTINATION "${package_dir}" COMPONENT development)

# The command loses all symbols, the libraries keep those that name functions in stacks; Debian keeps those apart too.
set(strip_library --strip-debug)
if(ARPENT_DEBIAN)
  set(strip_library --strip-unneeded)
endif()
function(arpent_separate_debug target file component option)
  set(tools
      "set(SEPARATE_STRIP \"${CMAKE_STRIP}\")
    set(SEPARATE_OBJCOPY \"${CMAKE_OBJCOPY}\")
    set(SEPARATE_READELF \"${CMAKE_READELF}\")")
  set(script "include(\"${PROJECT_SOURCE_DIR}/cmake/separate-debug.cmake\")")
  install(
    CODE "${tools}
    set(SEPARATE_WHAT strip)
    set(SEPARATE_STRIP_OPTION ${option})
    set(SEPARATE_FILE \"${file}\")
    ${script}"
    COMPONENT ${component})
  install(
    CODE "${tools}
    set(SEPARATE_WHAT debug)
    set(SEPARATE_FILE \"$<TARGET_FILE:${target}>\")
    ${script}"
    COMPONENT debug)
endfunction()
if(TARGET arpent)
  arpent_separate_debug(arpent "${CMAKE_INSTALL_BINDIR}/arpent" tools --strip-all)
endif()
arpent_separate_debug(
  arpent_shared "${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:arpent_shared>" runtime ${strip_library})
arpent_separate_debug(arpent_preload "${preload_dir}/$<TARGET_FILE_NAME:arpent_preload>" runtime ${strip_library})

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/arpent-config.cmake.in" "${PROJECT_BINARY_DIR}/arpent-config.cmake"
  INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/arpent-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(
  FILES "${PROJECT_BINARY_DIR}/arpent-config.cmake"
        "${PROJECT_BINARY_DIR}/arpent-config-version.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/arpent-track.cmake"
  DESTINATION "${package_dir}"
  COMPONENT development)

# From the folder of the .pc files back to the prefix.
file(RELATIVE_PATH prefix_from_pkgconfig "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
foreach(name arpent arpent-static arpent-allocators arpent-ml)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(
    FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endforeach()

# All that is installed, and nothing else.
add_custom_target(arpent_installed DEPENDS arpent_static arpent_shared arpent_preload arpent_allocators arpent_ml)
if(TARGET arpent)
  add_dependencies(arpent_installed arpent arpent_manual_pages)
endif()
include(ArpentPackages)
