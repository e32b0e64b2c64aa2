"""The layers keep their order: protocol <- sspi_shim <- proxy, protocol <- kdc; protocol knows no socket, clock, log or file."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)

# Layer: folders whose headers it may include. Its own comes first.
MAY_INCLUDE = {
    "sspi_shim/protocol": ["sspi_shim/protocol"],
    "kdc": ["kdc", "sspi_shim/protocol"],
    "sspi_shim": ["sspi_shim", "stead"],
    "proxy": ["proxy", "sspi_shim", "stead"],
}
OURS = re.compile(r"^(sspi_shim|kdc|proxy|stead|tests|samples)/")
# What "no socket, clock, log or file" means in headers. <chrono> is for times as values.
NOT_IN_PROTOCOL = re.compile(r"^(boost/(asio|beast)|spdlog|sys/socket|netinet|fstream|filesystem|iostream|sys/stat|fcntl|unistd)")


def layer_of(path):
    relative = path.relative_to(ROOT).as_posix()
    for layer in sorted(MAY_INCLUDE, key=len, reverse=True):
        if relative.startswith(layer + "/"):
            return layer
    return None


def sources():
    for layer in ("sspi_shim", "kdc", "proxy"):
        for path in sorted((ROOT / layer).rglob("*")):
            if path.suffix in (".h", ".cc", ".c"):
                yield path


class Layers(unittest.TestCase):
    def test_include_only_what_is_below_them(self):
        wrong = []
        for path in sources():
            layer = layer_of(path)
            for header in INCLUDE.findall(path.read_text()):
                allowed = any(header.startswith(folder + "/") for folder in MAY_INCLUDE[layer])
                if OURS.match(header) and not allowed:
                    wrong.append(f"{path.relative_to(ROOT)} includes {header}")
        self.assertEqual(wrong, [])

    def test_protocol_does_no_io(self):
        wrong = [f"{path.relative_to(ROOT)} includes {header}"
                 for path in sources() if layer_of(path) == "sspi_shim/protocol"
                 for header in INCLUDE.findall(path.read_text()) if NOT_IN_PROTOCOL.match(header)]
        self.assertEqual(wrong, [])

    def test_installed_headers_need_no_other(self):
        wrong = []
        for path in sorted((ROOT / "sspi_shim/include").rglob("*.h")):
            for header in INCLUDE.findall(path.read_text()):
                if OURS.match(header) and not header.startswith("stead/"):
                    wrong.append(f"{path.name} includes {header}")
        self.assertEqual(wrong, [])

    def test_no_folder_but_those_of_the_house_at_the_top(self):
        allowed = {"proxy", "sspi_shim", "kdc", "samples", "tests", "docker", "build"}
        found = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")}
        self.assertEqual(found - allowed, set())


if __name__ == "__main__":
    unittest.main()
