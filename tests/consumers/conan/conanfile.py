# A recipe for Conan 2: conan create tests/consumers/conan. The sources are those of the tree that it lies in.
#
# SPDX-License-Identifier: MIT
import re
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy

SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "include/*", "src/*", "examples/*")


def top_of(folder):
    """The folder that has dlcore's CMakeLists.txt, this one or one around it."""
    for place in (Path(folder), *Path(folder).parents):
        if (place / "include" / "dlcore.h").exists():
            return place
    raise FileNotFoundError("dlcore.h is in no folder around " + str(folder))


class Dlcore(ConanFile):
    name = "dlcore"
    license = "MIT"
    description = "Dense feed-forward networks in C, with an API modelled on Keras's Sequential"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "blas": ["portable", "openblas"], "zlib": [True, False]}
    default_options = {"shared": False, "fPIC": True, "blas": "portable", "zlib": False}

    def set_version(self):
        text = (top_of(self.recipe_folder) / "include" / "dlcore" / "version.h").read_text()
        parts = re.findall(r"#define DLCORE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text)
        self.version = ".".join(parts)

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, top_of(self.recipe_folder), self.export_sources_folder)

    def configure(self):
        self.settings.rm_safe("compiler.cppstd")
        self.settings.rm_safe("compiler.libcxx")

    def requirements(self):
        if self.options.blas == "openblas":
            self.requires("openblas/[>=0.3.20]")
        if self.options.zlib:
            self.requires("zlib/[>=1.2]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("KERAS", "MPI", "NPZ", "ONNX"):
            toolchain.cache_variables["DLCORE_" + part] = "OFF"
        toolchain.cache_variables["DLCORE_BLAS"] = str(self.options.blas)
        toolchain.cache_variables["DLCORE_ZLIB"] = "ON" if self.options.zlib else "OFF"
        toolchain.cache_variables["DLCORE_BUILD_TESTS"] = False
        toolchain.cache_variables["DLCORE_BUILD_EXAMPLES"] = False
        toolchain.cache_variables["DLCORE_SHARED_LIBRARY"] = bool(self.options.shared)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["dlcore"]
        self.cpp_info.set_property("cmake_file_name", "dlcore")
        self.cpp_info.set_property("cmake_target_name", "dlcore::dlcore")
        if self.options.shared:
            self.cpp_info.defines = ["DLCORE_SHARED"]
        if self.settings.os != "Windows":
            self.cpp_info.system_libs = ["m", "pthread"]
