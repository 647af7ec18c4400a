# What `cmake --install` puts where. All of it finds its parts relative to itself, so an installed tree may
# be moved. Its components are
#   runtime       the shared and the preload library
#   development   headers, archives, the Zig module, the CMake package and the pkg-config files
#   tools         the command, its manual pages and completions, and the course
#   debug         the debug information of what is installed stripped
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/arpent")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/zig/" DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/zig" COMPONENT development
        FILES_MATCHING PATTERN "*.zig" PATTERN "*.zon" PATTERN "README.md" PATTERN "*cache*" EXCLUDE)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/course/" DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/course" COMPONENT tools
        PATTERN "wrong.txt" EXCLUDE PATTERN "site" EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)

if(TARGET arpent)
  install(TARGETS arpent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
  install(DIRECTORY "${ARPENT_MANUAL_DIR}/" DESTINATION "${CMAKE_INSTALL_DATADIR}" COMPONENT tools)
endif()
install(TARGETS arpent_preload LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime)
install(
  TARGETS arpent_static arpent_shared arpent_allocators arpent_ml
  EXPORT arpent_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT arpent_targets FILE arpent-targets.cmake NAMESPACE arpent:: DESTINATION "${package_dir}"
        COMPONENT development)

# The command loses all symbols, the libraries keep those that name functions in stacks.
function(arpent_separate_debug target file component option)
  set(tools "set(SEPARATE_STRIP \"${CMAKE_STRIP}\")
    set(SEPARATE_OBJCOPY \"${CMAKE_OBJCOPY}\")
    set(SEPARATE_READELF \"${CMAKE_READELF}\")")
  set(script "include(\"${PROJECT_SOURCE_DIR}/cmake/separate-debug.cmake\")")
  install(CODE "${tools}
    set(SEPARATE_WHAT strip)
    set(SEPARATE_STRIP_OPTION ${option})
    set(SEPARATE_FILE \"${file}\")
    ${script}" COMPONENT ${component})
  install(CODE "${tools}
    set(SEPARATE_WHAT debug)
    set(SEPARATE_FILE \"$<TARGET_FILE:${target}>\")
    ${script}" COMPONENT debug)
endfunction()
if(TARGET arpent)
  arpent_separate_debug(arpent "${CMAKE_INSTALL_BINDIR}/arpent" tools --strip-all)
endif()
foreach(library arpent_shared arpent_preload)
  arpent_separate_debug(${library} "${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:${library}>" runtime --strip-debug)
endforeach()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/arpent-config.cmake.in" "${PROJECT_BINARY_DIR}/arpent-config.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/arpent-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/arpent-config.cmake" "${PROJECT_BINARY_DIR}/arpent-config-version.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/arpent-track.cmake"
        DESTINATION "${package_dir}" COMPONENT development)

# From the folder of the .pc files back to the prefix.
file(RELATIVE_PATH prefix_from_pkgconfig "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
foreach(name arpent arpent-static arpent-allocators arpent-ml)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
          COMPONENT development)
endforeach()

# `cpack -G TGZ` in the build folder makes a tarball that runs from any folder. Its debug information stays out.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_VENDOR "Arpent")
set(CPACK_PACKAGE_FILE_NAME "arpent-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_COMPONENTS_ALL runtime development tools)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
