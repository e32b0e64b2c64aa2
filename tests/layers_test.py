"""The architecture, checked: which folder may include which, how large a folder is, and what may name what."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]((?:sspi_shim|kdc|proxy|stead|tests|samples)/[^">]+)[">]', re.MULTILINE)
ANY_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)

# Each folder of product code, lowest first, with those directly below it. A folder may include itself and everything below it.
# The installed headers (stead/*.h) include one another alone.
BELOW = {
    "sspi_shim/include/stead": [],
    "sspi_shim/base/process": [],
    "sspi_shim/base": ["sspi_shim/base/process"],
    "sspi_shim/protocol/errors": ["sspi_shim/base"],
    "sspi_shim/protocol/der": ["sspi_shim/protocol/errors"],
    "sspi_shim/protocol/types": ["sspi_shim/protocol/der"],
    "sspi_shim/protocol/crypto": ["sspi_shim/protocol/types"],
    "sspi_shim/protocol/messages": ["sspi_shim/protocol/crypto"],
    "sspi_shim/protocol/security": ["sspi_shim/protocol/messages"],
    "sspi_shim/protocol/pac": ["sspi_shim/protocol/security"],
    "sspi_shim/krb5/conf": ["sspi_shim/protocol/types", "sspi_shim/include/stead"],
    "sspi_shim/krb5": ["sspi_shim/protocol/pac", "sspi_shim/krb5/conf"],
    "sspi_shim/locate/dns": ["sspi_shim/krb5"],
    "sspi_shim/locate/ping": ["sspi_shim/krb5"],
    "sspi_shim/locate": ["sspi_shim/locate/dns", "sspi_shim/locate/ping"],
    "sspi_shim/transport": ["sspi_shim/locate"],
    "sspi_shim/s4u/trace": ["sspi_shim/transport"],
    "sspi_shim/s4u/password": ["sspi_shim/protocol/crypto"],
    "sspi_shim/s4u": ["sspi_shim/s4u/trace", "sspi_shim/s4u/password"],
    "sspi_shim/s4u/diagnosis": ["sspi_shim/s4u"],
    "sspi_shim/client/cache": ["sspi_shim/s4u/diagnosis"],
    "sspi_shim/client": ["sspi_shim/client/cache"],
    "sspi_shim/sspi/base": ["sspi_shim/protocol/errors", "sspi_shim/include/stead"],
    "sspi_shim/sspi/clients": ["sspi_shim/client"],
    "sspi_shim/sspi": ["sspi_shim/sspi/base", "sspi_shim/sspi/clients"],
    "sspi_shim/shared": [],
    "proxy/http/fields": [],
    "proxy/http": ["sspi_shim/client", "proxy/http/fields"],
    "proxy/config/values": ["proxy/http"],
    "proxy/config": ["proxy/config/values"],
    "proxy/headers": ["proxy/config"],
    "proxy/observe": ["proxy/http"],
    "proxy/tickets": ["proxy/config"],
    "proxy/sessions": ["proxy/tickets"],
    "proxy/pages": ["proxy/config"],
    "proxy/shared": ["proxy/observe", "proxy/sessions"],
    "proxy/sign_in/throttle": ["proxy/config"],
    "proxy/sign_in": ["proxy/observe", "proxy/shared", "proxy/pages", "proxy/sign_in/throttle"],
    "proxy/upstream/backends": ["proxy/tls", "proxy/observe"],
    "proxy/upstream": ["proxy/headers", "proxy/sign_in", "proxy/upstream/backends"],
    "proxy/tls": ["proxy/config"],
    "proxy/core": ["proxy/upstream"],
    "proxy/admin": ["proxy/core"],
    "proxy/process": ["sspi_shim/base"],
    "proxy/serve": ["proxy/core"],
    "proxy/http2": ["proxy/serve"],
    "proxy": ["proxy/admin", "proxy/process", "proxy/http2"],
    "proxy/doctor/directory": ["sspi_shim/protocol/security"],
    "proxy/doctor/facts": ["proxy/config", "proxy/doctor/directory"],
    "proxy/doctor/gather": ["proxy/doctor/facts", "proxy"],
    "proxy/doctor/checks": ["proxy/doctor/facts"],
    "proxy/doctor": ["proxy/doctor/gather", "proxy/doctor/checks"],
    "sspi_shim/cli/plan": ["sspi_shim/s4u", "kdc/exchange", "kdc/commands"],
    "sspi_shim/cli": ["sspi_shim/client", "proxy/doctor", "sspi_shim/cli/plan"],
    "kdc/forest": ["sspi_shim/protocol/pac"],
    "kdc/directory": ["kdc/forest"],
    "kdc/lookup": ["kdc/directory"],
    "kdc/tickets": ["kdc/lookup"],
    "kdc/exchange/fast": ["kdc/tickets"],
    "kdc/exchange": ["kdc/exchange/fast"],
    "kdc/kpasswd": ["kdc/tickets"],
    "kdc/ldap/wire": ["sspi_shim/protocol/pac"],
    "kdc/ldap/entries": ["kdc/directory", "kdc/ldap/wire"],
    "kdc/ldap": ["kdc/ldap/entries", "kdc/kpasswd"],
    "kdc/ldap/changes": ["kdc/ldap", "kdc/commands"],
    "kdc/exports": ["kdc/directory"],
    "kdc/commands": ["kdc/directory"],
    "kdc/commands/control": ["kdc/commands"],
    "kdc/server": ["kdc/exchange", "kdc/kpasswd", "kdc/ldap/changes"],
    "kdc": ["kdc/commands/control", "kdc/exports", "kdc/server"],
}

# What `protocol` may not include: it has no socket, no log and no file. <chrono> is for times as values.
NOT_IN_PROTOCOL = re.compile(r"^(boost/(asio|beast)|spdlog|sys/socket|netinet|fstream|filesystem|iostream|sys/stat|fcntl|unistd)")

MAX_FILES = 30
# Folders of data, in which a file is a case.
DATA = re.compile(r"^tests/(fuzz/corpus|vectors)(/|$)")

TOP_FOLDERS = {"proxy", "sspi_shim", "kdc", "samples", "tests", "docker", ".ci", ".github"}
TOP_FILES = {"README.md", "LICENSE", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "packages.cmake", ".clang-format", ".clang-tidy",
             ".dockerignore", ".git-blame-ignore-revs", ".gitignore"}


def files():
    """The files of the tree, as paths from its top; those that a build or an editor made are not among them."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [pathlib.PurePath(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    return [path.relative_to(ROOT) for path in ROOT.rglob("*")
            if path.is_file() and not {"build", "__pycache__", ".git", ".cache"} & set(path.relative_to(ROOT).parts)]


FILES = files()


def text(path):
    return (ROOT / path).read_text(errors="replace")


def folder(path):
    return path.parent.as_posix()


def product_sources():
    return [path for path in FILES if path.suffix in (".h", ".cc", ".c") and path.parts[0] in ("sspi_shim", "proxy", "kdc")]


def folder_of_include(header):
    return "sspi_shim/include/stead" if header.startswith("stead/") else header.rpartition("/")[0]


def lower_than(name, seen=()):
    """Every folder below `name`."""
    if name in seen:
        raise AssertionError(f"the order has a cycle: {' < '.join((*seen, name))}")
    found = set()
    for below in BELOW[name]:
        found |= {below} | lower_than(below, (*seen, name))
    return found


class Layers(unittest.TestCase):
    maxDiff = None

    def test_every_folder_has_a_place_in_the_order(self):
        self.assertEqual({folder(path) for path in product_sources()} - set(BELOW), set())

    def test_include_only_what_is_below_them(self):
        """The order has no cycle (lower_than checks that), so neither have the includes that keep to it."""
        wrong = []
        for path in product_sources():
            allowed = {folder(path)} | lower_than(folder(path))
            for header in INCLUDE.findall(text(path)):
                included = folder_of_include(header)
                if included not in allowed:
                    wrong.append(f"{path} includes {header}")
        self.assertEqual(wrong, [])

    def test_the_kdc_does_not_use_the_client_library(self):
        wrong = [f"{path} includes {header}" for path in product_sources() if path.parts[0] == "kdc" for header in INCLUDE.findall(text(path))
                 if not header.startswith(("kdc/", "sspi_shim/protocol/", "sspi_shim/base/"))]
        self.assertEqual(wrong, [])

    def test_protocol_does_no_io(self):
        wrong = [f"{path} includes {header}" for path in product_sources() if path.parts[:2] == ("sspi_shim", "protocol")
                 for header in ANY_INCLUDE.findall(text(path)) if NOT_IN_PROTOCOL.match(header)]
        self.assertEqual(wrong, [])

    def test_installed_headers_need_no_other(self):
        wrong = [f"{path} includes {header}" for path in product_sources() if folder(path) == "sspi_shim/include/stead"
                 for header in INCLUDE.findall(text(path)) if not header.startswith("stead/")]
        self.assertEqual(wrong, [])

    def test_sdk_samples_include_only_installed_headers(self):
        wrong = [f"{path} includes {header}" for path in FILES if folder(path).startswith("samples/sdk_")
                 for header in INCLUDE.findall(text(path)) if not header.startswith("stead/")]
        self.assertEqual(wrong, [])

    def test_samples_and_containers_need_nothing_of_the_tests(self):
        """Only samples/install-packages may name a test: it says for which programs a purpose's packages are."""
        wrong = [f"{path}: {line.strip()}" for path in FILES if path.parts[0] in ("samples", "docker") and path.suffix != ".md" and path.name != "install-packages"
                 for line in text(path).splitlines() if re.search(r"\btests[/.]\w", line)]
        self.assertEqual(wrong, [])


class Tree(unittest.TestCase):
    def test_has_nothing_at_its_top_but_what_is_named_here(self):
        self.assertEqual({path.parts[0] for path in FILES if len(path.parts) > 1} - TOP_FOLDERS, set())
        self.assertEqual({path.name for path in FILES if len(path.parts) == 1} - TOP_FILES, set())

    def test_no_folder_is_too_large(self):
        count = {}
        for path in FILES:
            if not DATA.match(folder(path)):
                count[folder(path)] = count.get(folder(path), 0) + 1
        self.assertEqual({name: n for name, n in count.items() if n > MAX_FILES}, {})

    def test_guides_name_files_of_the_tree(self):
        """A path may begin at the top, at the guide's folder or at a part."""
        paths = ["/" + path.as_posix() for path in FILES]
        wrong = []
        for guide in (path for path in FILES if path.suffix == ".md"):
            for name in re.findall(r"`([\w./-]+\.(?:cc|h|c|py|sh|svg))`", text(guide)):
                end = "/" + re.sub(r"^(\.{1,2}/)+", "", name)
                if not any(path.endswith(end) for path in paths):
                    wrong.append(f"{guide} names {name}")
        self.assertEqual(wrong, [])

    def test_documents_that_are_named_are_in_the_tree(self):
        documents = {path.as_posix() for path in FILES if path.suffix == ".md"}
        wrong = []
        for path in FILES:
            for name in re.findall(r"[\w./-]*\w\.md\b", text(path)):
                if not any(("/" + document).endswith("/" + re.sub(r"^(\.{1,2}/)+", "", name)) for document in documents):
                    wrong.append(f"{path} names {name}")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
