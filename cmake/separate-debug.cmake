# Included by the install scripts, with SEPARATE_WHAT (strip or debug), SEPARATE_FILE (below the prefix for strip, the built
# file for debug), SEPARATE_STRIP_OPTION, and the tools. An installed file is stripped; its debug information goes to
# lib/debug/.build-id below the prefix, where debuggers look for that of /usr.
set(destination "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
if(SEPARATE_WHAT STREQUAL "strip")
  execute_process(
    COMMAND "${SEPARATE_STRIP}" ${SEPARATE_STRIP_OPTION} "${destination}/${SEPARATE_FILE}" COMMAND_ERROR_IS_FATAL ANY)
else()
  execute_process(COMMAND "${SEPARATE_READELF}" -n "${SEPARATE_FILE}" OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
  if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
    message(STATUS "${SEPARATE_FILE} has no build ID: its debug information is not installed")
    return()
  endif()
  set(folder "${destination}/lib/debug/.build-id/${CMAKE_MATCH_1}")
  set(file "${folder}/${CMAKE_MATCH_2}.debug")
  file(MAKE_DIRECTORY "${folder}")
  message(STATUS "Installing: ${file}")
  execute_process(
    COMMAND "${SEPARATE_OBJCOPY}" --only-keep-debug --compress-debug-sections "${SEPARATE_FILE}" "${file}"
    COMMAND_ERROR_IS_FATAL ANY)
  file(CHMOD "${file}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endif()
