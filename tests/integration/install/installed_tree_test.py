# ctest: TIMEOUT 600
"""The installed tree: consumers outside our own tree build against it by CMake and by pkg-config, in C and in C++, and run."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

C_SOURCE = r"""
#include <stdio.h>
#include <stead/sspi.h>
int main(void) {
  PSecPkgInfo packages;
  ULONG count;
  if (EnumerateSecurityPackages(&count, &packages) != SEC_E_OK) return 1;
  printf("%u %s\n", (unsigned)count, packages[0].Name);
  return FreeContextBuffer(packages) == SEC_E_OK ? 0 : 1;
}
"""
CXX_SOURCE = r"""
#include <boost/asio/io_context.hpp>
#include <stead/acceptor.h>
#include <stead/client_config.h>
#include <stead/gss.h>
#include <stead/s4u.h>
#include <stead/sspi.h>
#include <cstdio>
int main() {
  boost::asio::io_context io;
  std::string what;
  const auto client = stead::Client::open(io.get_executor(), {.principal = "HTTP/x@R", .keytab = "/no/such/keytab"}, what);
  std::puts(what.c_str());
  const auto trace = stead::trace_from_json("{}");
  const stead::Failure failure;
  const stead::Event event;
  const bool told = stead::security_status(failure) != SEC_E_OK && !stead::to_text(event).empty();
  return client.has_value() || trace.has_value() || !told;
}
"""
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(stead 0.1 REQUIRED COMPONENTS static)
add_executable(c consumer.c)
add_executable(cxx consumer.cc)
add_executable(c_static consumer.c)
add_executable(cxx_static consumer.cc)
target_link_libraries(c PRIVATE stead::stead)
target_link_libraries(cxx PRIVATE stead::stead)
target_link_libraries(c_static PRIVATE stead::stead_static)
target_link_libraries(cxx_static PRIVATE stead::stead_static)
set_target_properties(c_static PROPERTIES LINKER_LANGUAGE CXX)
"""


def run(*command, env=None, cwd=None):
    ran = subprocess.run([str(part) for part in command], env=env, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exited {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def cached(name):
    for line in (foreign.BUILD / "CMakeCache.txt").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.partition("=")[2]
    return ""


@unittest.skipIf(cached("STEAD_SANITIZE"), "what has a sanitizer in it is not installed")
class InstalledTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stead-installed-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        built = cls.folder / "first"
        for component in ("libstead", "libstead-dev", "stead"):
            run("cmake", "--install", foreign.BUILD, "--prefix", built, "--component", component)
        cls.prefix = built.rename(cls.folder / "moved")  # relocatable: nothing knows the first place
        cls.libraries = cls.prefix / "lib"
        cls.source = cls.folder / "consumer"
        cls.source.mkdir()
        for name, text in {"consumer.c": C_SOURCE, "consumer.cc": CXX_SOURCE, "CMakeLists.txt": CMAKE}.items():
            (cls.source / name).write_text(text)
        cls.env = dict(os.environ, PKG_CONFIG_PATH=str(cls.libraries / "pkgconfig"), LD_LIBRARY_PATH=str(cls.libraries))
        cls.compilers = {"CC": cached("CMAKE_C_COMPILER") or "cc", "CXX": cached("CMAKE_CXX_COMPILER") or "c++"}

    def check(self, c=(), cxx=()):
        for program in c:
            self.assertEqual(run(program, env=self.env), "2 Negotiate\n")
        for program in cxx:
            self.assertIn("/no/such/keytab", run(program, env=self.env))

    def test_has_the_promised_parts(self):
        for name in ("include/stead/sspi.h", "include/stead/s4u.h", "include/stead/locator.h", "include/stead/result.h",
                     "include/stead/acceptor.h", "include/stead/client_config.h", "include/stead/gss.h", "include/stead/sspi_names.h",
                     "include/stead/boost_version.h", "share/stead/samples/sdk_sspi/main.c",
                     "share/stead/samples/sdk_ticket/CMakeLists.txt", "share/stead/samples/sdk_postgresql/main.cc", "lib/libstead.so.0",
                     "lib/libstead.so", "lib/libstead.a", "lib/pkgconfig/stead.pc", "bin/stead", "share/man/man1/stead.1"):
            self.assertTrue((self.prefix / name).exists(), name)

    def test_exports_its_api_alone(self):
        listed = run("nm", "-D", "--defined-only", "-C", "--without-symbol-versions", self.libraries / "libstead.so.0")
        names = [line.split(" ", 2)[2] for line in listed.splitlines() if not line.endswith(" A STEAD_0")]
        declared = set("stead_" + name for name in re.findall(r"^STEAD_EXPORT [^;(]*?(\w+)\(", (self.prefix / "include/stead/sspi.h").read_text(), re.M))
        cxx = re.compile(r"((typeinfo|typeinfo name|vtable) for )?stead::v0::|boost::asio::detail::keyword_tss_ptr<.*>::value_$")
        self.assertEqual({name for name in names if not cxx.match(name)}, declared, "the functions of stead/sspi.h, each and no other")
        for name in ("stead::v0::Client::open", "stead::v0::identity_from_context", "stead::v0::to_text", "typeinfo for stead::v0::Client"):
            self.assertTrue(any(there.startswith(name) for there in names), name)
        self.assertEqual([name for name in names if "sspi::" in name or "S4uClient" in name], [], "nothing of the inside")

    def test_each_diagnosis_is_explained(self):
        given = set(re.findall(r'{DiagnosisCode::\w+,\s+"(\w+)"', (foreign.TOP / "sspi_shim/s4u/diagnosis/diagnosis_code.cc").read_text()))
        explained = set(re.findall(r"^ *//   ([a-z][a-z0-9_]+)  ", (self.prefix / "include/stead/s4u.h").read_text(), re.M))
        self.assertEqual(given, explained)

    def test_each_header_stands_alone(self):
        flags = run("pkg-config", "--cflags", "stead", env=self.env).split()
        for header in sorted((self.prefix / "include/stead").iterdir()):
            run(self.compilers["CXX"], "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-include", header, "-x", "c++", *flags, os.devnull)
        for clang in filter(shutil.which, ("clang++-14", "clang++-19")):
            for header in sorted((self.prefix / "include/stead").iterdir()):
                run(clang, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-include", header, "-x", "c++", *flags, os.devnull)
            run(clang, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", *flags, self.source / "consumer.cc")
        run(self.compilers["CC"], "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-DUNICODE", "-include", self.prefix / "include/stead/sspi.h", "-x", "c", *flags,
            os.devnull)

    def test_the_shared_library_says_its_name(self):
        needed = run("readelf", "-d", self.libraries / "libstead.so.0")
        self.assertIn("soname: [libstead.so.0]", needed)

    def test_cmake(self):
        build = self.folder / "cmake"
        run("cmake", "-S", self.source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={self.compilers['CC']}", f"-DCMAKE_CXX_COMPILER={self.compilers['CXX']}")
        run("cmake", "--build", build)
        self.check([build / "c", build / "c_static"], [build / "cxx", build / "cxx_static"])
        for name, shared in {"c": True, "cxx": True, "c_static": False, "cxx_static": False}.items():
            self.assertEqual("libstead.so.0" in run("readelf", "-d", build / name), shared, name)

    def test_another_boost_is_refused(self):
        boost = self.folder / "boost/boost"
        boost.mkdir(parents=True)
        (boost / "version.hpp").write_text('#define BOOST_VERSION 109900\n#define BOOST_LIB_VERSION "1_99"\n')
        for name, text in {"BoostConfig": "set(Boost_VERSION_MAJOR 1)\nset(Boost_VERSION_MINOR 99)\nset(Boost_VERSION 1.99.0)\nset(Boost_FOUND TRUE)\n",
                           "BoostConfigVersion": "set(PACKAGE_VERSION 1.99.0)\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n"}.items():
            (boost.parent / f"{name}.cmake").write_text(text)
        flags = run("pkg-config", "--cflags", "stead", env=self.env).split()
        with self.assertRaisesRegex(AssertionError, "#error .*another version of Boost"):
            run(self.compilers["CXX"], "-std=c++20", "-fsyntax-only", f"-I{boost.parent}", *flags, self.source / "consumer.cc")
        run(self.compilers["CC"], "-std=c11", "-fsyntax-only", f"-I{boost.parent}", *flags, self.source / "consumer.c")
        configure = ("cmake", "-S", self.source, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DBoost_DIR={boost.parent}",
                     f"-DCMAKE_C_COMPILER={self.compilers['CC']}", f"-DCMAKE_CXX_COMPILER={self.compilers['CXX']}")
        with self.assertRaisesRegex(AssertionError, r"built with Boost 1\.\d+, and this\s+project\s+finds\s+Boost\s+1\.99"):
            run(*configure, "-B", self.folder / "other_boost")
        run(*configure, "-B", self.folder / "c_api", "-DSTEAD_C_API_ONLY=ON")

    def test_pkg_config_of_c_programs_needs_no_private_packages(self):
        alone = {**self.env, "PKG_CONFIG_LIBDIR": str(self.libraries / "pkgconfig"), "PKG_CONFIG_PATH": ""}
        flags = run("pkg-config", "--cflags", "stead", env=alone).split()
        self.assertEqual([flag for flag in flags if not flag.startswith("-I")], [])
        self.assertIn("-lm", run("pkg-config", "--static", "--libs", "stead", env=alone).split())

    def test_pkg_config(self):
        flags = run("pkg-config", "--cflags", "--libs", "stead", env=self.env).split()
        self.assertIn(f"-I{self.prefix}/include", [os.path.normpath(f) if f.startswith("/") else "-I" + os.path.normpath(f[2:]) for f in flags])
        c, cxx, static, cxx_static = (self.folder / name for name in ("pc_c", "pc_cxx", "pc_static", "pc_cxx_static"))
        run(self.compilers["CC"], "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", self.source / "consumer.c", *flags, "-o", c)
        run(self.compilers["CXX"], "-std=c++20", self.source / "consumer.cc", *flags, "-o", cxx)
        libraries = run("pkg-config", "--static", "--libs", "stead", env=self.env).split()
        libraries[libraries.index("-lstead")] = str(self.libraries / "libstead.a")
        run(self.compilers["CC"], "-std=c11", self.source / "consumer.c", *flags[:1], *libraries, "-o", static)
        run(self.compilers["CXX"], "-std=c++20", self.source / "consumer.cc", *flags[:1], *libraries, "-o", cxx_static)
        self.check([c, static], [cxx, cxx_static])

    def test_a_client_works_on_the_application_s_own_io_context(self):
        # Asio is in both: with the shared library, what it notes for each thread must be the same note.
        build = self.folder / "sdk_ticket"
        run("cmake", "-S", foreign.TOP / "samples/sdk_ticket", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={self.compilers['CXX']}")
        run("cmake", "--build", build)
        self.assertIn("libstead.so.0", run("readelf", "-d", build / "sdk_ticket"))
        note = "boost::asio::detail::call_stack<boost::asio::detail::thread_context"
        for binary in (build / "sdk_ticket", self.libraries / "libstead.so.0"):
            exported = [line for line in run("nm", "-D", "--defined-only", "-C", "--without-symbol-versions", binary).splitlines() if line.endswith("::value_")]
            self.assertTrue(any(note in line for line in exported), f"{binary.name}: {exported}")
        with Forest(foreign.TOP / "samples/forest.toml", free_ports=True) as forest:
            dc = forest.controllers("ROOT.FABRIKAM.COM")[0]
            principal = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
            told = run(build / "sdk_ticket", dc["address"], dc["kerberos_port"], dc["ldap_port"], forest.keytab(principal), principal, "alice",
                       "HTTP/reports.root.fabrikam.com", env={**self.env, **forest.env})
        self.assertIn("alice@ROOT.FABRIKAM.COM -> HTTP/reports.root.fabrikam.com@ROOT.FABRIKAM.COM: a token of", told)


if __name__ == "__main__":
    unittest.main()
