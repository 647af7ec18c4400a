"""Builds the libraries of the repository that this recipe lies in: conan create CLONE/packaging/conan
Not tried with Conan yet."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class Arpent(ConanFile):
    name = "arpent"
    version = "0.1.0"
    license = "MIT"
    description = "A tracked heap and explicit allocators for C, C++ and Zig programs"
    settings = "os", "arch", "compiler", "build_type"

    def validate(self):
        if self.settings.os != "Linux" or self.settings.arch != "x86_64":
            raise ConanInvalidConfiguration("Arpent works on Linux with glibc, x86-64")

    def layout(self):
        cmake_layout(self)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in (
            "CMakeLists.txt",
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "cmake/*",
            "include/*",
            "src/*",
            "zig/*",
        ):
            copy(self, pattern, root, self.export_sources_folder)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("ARPENT_TOOLS", "ARPENT_EXAMPLES", "ARPENT_TESTS"):
            toolchain.cache_variables[option] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        # Arpent's own CMake package has functions that Conan's would not.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs.append(os.path.join("lib", "cmake", "arpent"))
