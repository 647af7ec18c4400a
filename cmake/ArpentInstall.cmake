# What `cmake --install` puts where. All of it finds its parts relative to itself, so an installed tree may
# be moved.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/arpent")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/zig/" DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/zig"
        FILES_MATCHING PATTERN "*.zig" PATTERN "*.zon" PATTERN "README.md" PATTERN "*cache*" EXCLUDE)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/course/" DESTINATION "${CMAKE_INSTALL_DATADIR}/arpent/course"
        PATTERN "wrong.txt" EXCLUDE PATTERN "site" EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(TARGET arpent)
  install(TARGETS arpent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(TARGETS arpent_preload LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(
  TARGETS arpent_static arpent_shared arpent_allocators arpent_ml
  EXPORT arpent_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT arpent_targets FILE arpent-targets.cmake NAMESPACE arpent:: DESTINATION "${package_dir}")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/arpent-config.cmake.in" "${PROJECT_BINARY_DIR}/arpent-config.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/arpent-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/arpent-config.cmake" "${PROJECT_BINARY_DIR}/arpent-config-version.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/arpent-track.cmake"
        DESTINATION "${package_dir}")

# From the folder of the .pc files back to the prefix.
file(RELATIVE_PATH prefix_from_pkgconfig "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
foreach(name arpent arpent-static arpent-allocators arpent-ml)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
