# Options, language standards and where the products go.

# Within another project, only the libraries: they need a compiler and nothing else.
option(ARPENT_TOOLS "Build the command, which needs the packages in scripts/packages/build.txt" ${PROJECT_IS_TOP_LEVEL})
option(ARPENT_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(ARPENT_INSTALL "Install what is built" ${PROJECT_IS_TOP_LEVEL})
set(tests_default OFF)
if(PROJECT_IS_TOP_LEVEL AND ARPENT_TOOLS)
  set(tests_default ON)
endif()
option(ARPENT_TESTS "Build the tests, most of which run the command" ${tests_default})
if(ARPENT_TESTS AND NOT ARPENT_TOOLS)
  message(FATAL_ERROR "ARPENT_TESTS needs ARPENT_TOOLS: the tests run the command.")
endif()
option(ARPENT_BENCH "Build the benchmarks (Google Benchmark)" OFF)
option(ARPENT_FUZZ "Build the fuzzers (clang)" OFF)

set(ARPENT_SANITIZER "" CACHE STRING "address, undefined, both with a comma, or thread: build only what runs under it")
set_property(CACHE ARPENT_SANITIZER PROPERTY STRINGS "" address undefined address,undefined thread)
if(NOT ARPENT_SANITIZER MATCHES "^(address|undefined|address,undefined|thread)?$")
  message(
    FATAL_ERROR "ARPENT_SANITIZER is '${ARPENT_SANITIZER}'; it must be empty, address, undefined, "
                "address,undefined or thread.")
endif()

set(ARPENT_ASSERTIONS 0 CACHE STRING "Tiers of assertions to check, 0 (none) to 3 (all): see src/platform/assert.hpp")
set_property(CACHE ARPENT_ASSERTIONS PROPERTY STRINGS 0 1 2 3)
if(NOT ARPENT_ASSERTIONS MATCHES "^[0-3]$")
  message(FATAL_ERROR "ARPENT_ASSERTIONS is '${ARPENT_ASSERTIONS}'; it must be 0, 1, 2 or 3.")
endif()

# bin/ and lib/ are made here. The presets put those of the release build straight under build/.
set(ARPENT_OUTPUT_DIR "${PROJECT_BINARY_DIR}" CACHE PATH "Folder that receives bin/ and lib/")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Not GNUInstallDirs' default: Debian's multiarch folder would only be right for packages below /usr, and
# the command finds the preload library at ../lib from itself.
option(ARPENT_DEBIAN "Install as Debian's packages do: below /usr, libraries in the multiarch folder" OFF)
if(PROJECT_IS_TOP_LEVEL AND ARPENT_DEBIAN)
  set(CMAKE_INSTALL_LIBDIR "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
elseif(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Libraries, below the install prefix")
endif()
include(GNUInstallDirs)

find_package(Threads REQUIRED)

if(ARPENT_SANITIZER)
  add_compile_options(-fsanitize=${ARPENT_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ARPENT_SANITIZER})
  if(ARPENT_SANITIZER MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
    add_link_options(-fno-sanitize-recover=all)
  endif()
endif()

# ccache, unless the user named a launcher (CMAKE_CXX_COMPILER_LAUNCHER, also as an environment variable).
find_program(ARPENT_CCACHE ccache)
mark_as_advanced(ARPENT_CCACHE)
if(PROJECT_IS_TOP_LEVEL AND ARPENT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/cmake/launch/ccache")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/cmake/launch/ccache")
endif()
