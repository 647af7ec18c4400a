# What cpack makes: a tarball that runs from any folder, or, with ARPENT_DEBIAN, Debian's packages. scripts/package
# makes both from one build: only where files are installed differs.
#   arpent         the command, its manual pages and completions, and the course
#   libarpent0     the shared and the preload library
#   libarpent-dev  headers, archives, the Zig module, the CMake package and the pkg-config files
#   arpent-dbg     the debug information of the first two
set(CPACK_PACKAGE_VENDOR "Arpent")
set(CPACK_PACKAGE_FILE_NAME "arpent-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)

if(NOT ARPENT_DEBIAN)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_COMPONENTS_ALL runtime development tools)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  include(CPack)
  return()
endif()

set(ARPENT_MAINTAINER
    "Arpent contributors <arpent@example.org>"
    CACHE STRING "Who maintains the packages: NAME <ADDRESS>")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime development tools debug)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${ARPENT_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_BINARY_DIR}/debian-contents.cmake")
# The default, with which cpack takes the first line of a package's description for its summary.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "arpent built using CMake")
set(same_version "(= ${PROJECT_VERSION})")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME arpent)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libarpent0 ${same_version}")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS libdebuginfod1) # libdw loads it when it is wanted
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "libarpent-dev, g++")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION
    "surveys the heap of C, C++ and Zig programs
Runs a program and reports what it did with its memory: totals, the peak and
who held it, lost blocks apart from those still reachable, and temporary
allocations, each with its stack of functions, files and lines. Profiles can
be compared, merged, shown in a browser and read by other tools; running
processes can be watched. Comes with a course on managing memory.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME "libarpent${PROJECT_VERSION_MAJOR}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/packaging/debian/triggers")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
    "tracked heap for C, C++ and Zig programs (shared libraries)
An allocator that keeps the origin and the size of every block beside its page,
and reports what was never freed. One library is for programs that are linked
with it, the other for programs that the command arpent runs.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libarpent-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${CPACK_DEBIAN_RUNTIME_PACKAGE_NAME} ${same_version}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "arpent ${same_version}")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
    "tracked heap for C, C++ and Zig programs (development files)
The C interface ar_heap.h, explicit allocators and memory for ML inference in
C++23, a module for Zig, static libraries, a CMake package and files for
pkg-config.")

set(CPACK_DEBIAN_DEBUG_PACKAGE_NAME arpent-dbg)
set(CPACK_DEBIAN_DEBUG_PACKAGE_SECTION debug)
set(CPACK_DEBIAN_DEBUG_PACKAGE_DEPENDS "arpent ${same_version}, ${CPACK_DEBIAN_RUNTIME_PACKAGE_NAME} ${same_version}")
set(CPACK_DEBIAN_DEBUG_DESCRIPTION
    "debug information of arpent and its libraries
Lets debuggers show functions, files and lines of the command arpent and of the
shared libraries of libarpent${PROJECT_VERSION_MAJOR}.")

configure_file(
  "${PROJECT_SOURCE_DIR}/packaging/debian/contents.cmake.in" "${PROJECT_BINARY_DIR}/debian-contents.cmake" @ONLY)
include(CPack)
