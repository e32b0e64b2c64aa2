# ctest: TIMEOUT 400
"""Each preset configures, also those that few people build."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from samples.support import foreign

BOOST = foreign.TOP / "build/foreign/boost/usr"


class Presets(unittest.TestCase):
    def test_all_configure(self):
        presets = json.loads((foreign.TOP / "CMakePresets.json").read_text())["configurePresets"]
        names = [preset["name"] for preset in presets if not preset.get("hidden")]
        self.assertGreaterEqual(set(names), {"dev", "asan", "tsan", "release"})
        env = {**os.environ, "CMAKE_PREFIX_PATH": str(BOOST)} if BOOST.is_dir() else dict(os.environ)
        for name in names:
            compiler = next(preset for preset in presets if preset["name"] == name).get("cacheVariables", {}).get("CMAKE_CXX_COMPILER")
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                if compiler and shutil.which(compiler) is None:
                    continue  # the fuzz targets' clang, which only a fuzzing campaign needs
                ran = subprocess.run(["cmake", "--preset", name, "-S", foreign.TOP, "-B", folder], cwd=foreign.TOP, env=env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
                self.assertEqual(ran.returncode, 0, ran.stdout[-3000:])


if __name__ == "__main__":
    unittest.main()
