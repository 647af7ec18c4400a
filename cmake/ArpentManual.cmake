# The manual pages and the completions of shells, which a program of the build makes from the command's options. Their
# date is that of the changelog's newest version, so that each build of one commit makes the same files.
set(ARPENT_MANUAL_DIR "${PROJECT_BINARY_DIR}/share" CACHE INTERNAL "Manual pages and completions, as below share/")
set(changelog "${PROJECT_SOURCE_DIR}/CHANGELOG.md")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${changelog}")
file(STRINGS "${changelog}" release REGEX "^## ${PROJECT_VERSION} \\([0-9]+-[0-9]+-[0-9]+\\)$")
if(NOT release MATCHES "\\(([0-9-]+)\\)")
  message(FATAL_ERROR "${changelog} has no heading '## ${PROJECT_VERSION} (YEAR-MONTH-DAY)'")
endif()

add_executable(arpent_manual "${PROJECT_SOURCE_DIR}/tools/arpent/manual/main.cpp")
target_link_libraries(arpent_manual PRIVATE arpent_command)
arpent_warnings(arpent_manual)
set(manual_stamp "${PROJECT_BINARY_DIR}/manual-made")
add_custom_command(
  OUTPUT "${manual_stamp}"
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${ARPENT_MANUAL_DIR}"
  COMMAND arpent_manual "${ARPENT_MANUAL_DIR}" "${CMAKE_MATCH_1}"
  COMMAND "${CMAKE_COMMAND}" -E touch "${manual_stamp}"
  DEPENDS arpent_manual
  VERBATIM
  COMMENT "Making manual pages and completions")
add_custom_target(arpent_manual_pages ALL DEPENDS "${manual_stamp}")
