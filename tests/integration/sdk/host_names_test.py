"""libstead.so in a program that has functions of Windows' and of MIT's names itself (programs/sspi_host.c)."""

import pathlib
import shutil
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.sspi import is_sanitized

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
SIGNED_IN = "\n".join([f"ROOT\\alice is alice@ROOT.FABRIKAM.COM to {FRONT_END}"] * 2) + "\n"


@unittest.skipIf(is_sanitized(), "the runtime of a sanitizer has a malloc of its own")
class HostNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="host-names-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))

    def run_host(self, *defines, compiler=("cc", "-std=c11", "-Wall", "-Wextra", "-Werror")):
        program = self.folder / "-".join(("host", *defines, compiler[0]))
        libraries = foreign.BUILD / "sspi_shim"
        foreign.run(*compiler, *(f"-D{name}" for name in defines), "-I", foreign.TOP / "sspi_shim/include", "-fno-builtin", "-rdynamic",
                    foreign.TOP / "tests/integration/sdk/programs/sspi_host.c", "-x", "none", libraries / "libstead.so", f"-Wl,-rpath,{libraries}",
                    "-o", program).ok()
        return foreign.run(str(program), self.forest.stead_toml, self.forest.keytab(FRONT_END), FRONT_END, env=self.forest.env, timeout=60)

    def test_a_plain_program(self):
        self.assertEqual(self.run_host().ok().out, SIGNED_IN)

    def test_a_program_that_has_the_names_itself(self):
        self.assertEqual(self.run_host("HOST_NAMES").ok().out, SIGNED_IN)

    def test_a_program_with_a_malloc_of_its_own(self):
        self.assertEqual(self.run_host("HOST_MALLOC").ok().out, SIGNED_IN)

    def test_both_are_refused_and_not_a_crash(self):
        ran = self.run_host("HOST_NAMES", "HOST_MALLOC")
        self.assertEqual(ran.status, 1, ran)
        self.assertIn("a malloc of its own", ran.out)

    def test_every_name_of_c_has_our_prefix_and_a_version(self):
        listed = foreign.run("nm", "-D", "--defined-only", "--with-symbol-versions", foreign.BUILD / "sspi_shim/libstead.so").ok().out
        names = [line.split()[2] for line in listed.splitlines() if " A " not in line]
        c_names = [name for name in names if not name.startswith("_Z")]
        self.assertGreater(len(c_names), 40)
        for name in c_names:
            self.assertRegex(name, r"^stead_\w+@@STEAD_0$")
        flags = foreign.run("readelf", "-d", foreign.BUILD / "sspi_shim/libstead.so").ok().out
        self.assertIn("NODELETE", flags)
        self.assertNotIn("gssapi", flags)


if __name__ == "__main__":
    unittest.main()
