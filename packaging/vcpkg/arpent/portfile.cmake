# Builds the libraries of the repository that this port lies in, so that it works as an overlay port of a clone:
#   vcpkg install arpent --overlay-ports=CLONE/packaging/vcpkg
# Not tried with vcpkg yet.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DARPENT_TOOLS=OFF -DARPENT_EXAMPLES=OFF -DARPENT_TESTS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/arpent)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
