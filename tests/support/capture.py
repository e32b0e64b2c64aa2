"""Captures loopback traffic with dumpcap and has tshark, a decoder that is not ours, judge each message.

Given a keytab with the realm's keys (the krbtgt's too), tshark also decrypts tickets and replies, and checks the signatures of
their PACs.
"""

import dataclasses
import functools
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

from samples.support import foreign

_WARNING, _ERROR = 0x600000, 0x800000  # tshark's expert severities


@dataclasses.dataclass(frozen=True)
class Remark:
    """A remark of tshark's expert system about a frame."""

    frame: int
    severity: int
    text: str


class Capture:
    """A context manager: captures what passes on loopback through the ports given, until the block or stop() ends it.

        with Capture(kerberos=[8088], cldap=[8389]) as capture:
            ...
            self.assertEqual(capture.faults(), [])

    A machine that forbids capturing skips the test with the reason.
    """

    def __init__(self, kerberos=(), cldap=(), kpasswd=(), keytab=None, interface="lo"):
        self._decode = [(layer, port, name) for name, ports, layers in (("kerberos", kerberos, ("tcp", "udp")),
                                                                        ("cldap", cldap, ("udp",)),
                                                                        ("kpasswd", kpasswd, ("tcp", "udp")))
                        for port in ports for layer in layers]
        self._filter = " or ".join(f"port {port}" for port in sorted({*kerberos, *cldap, *kpasswd}))
        self._interface = interface
        self.keytab = keytab

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="capture-"))
        self.file = self.folder / "capture.pcapng"
        self._server = foreign.on_path("dumpcap").serve("-q", "-i", self._interface, "-f", self._filter, "-w", self.file,
                                                        log=self.folder / "dumpcap.log")
        try:
            self._server.wait_until(lambda: "File:" in self._server.tail(), "captures")
        except AssertionError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            if "permission" in str(error).lower():
                raise unittest.SkipTest(f"capturing on {self._interface} is not permitted: {error}") from None
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        """Ends the capture; every function below does so first."""
        if self._server is not None:
            time.sleep(0.5)  # the kernel hands packets over in blocks, the last within a quarter of a second
            self._server.process.send_signal(signal.SIGINT)
            self._server.process.wait(10)
            self._server = None

    def remarks(self):
        """Every remark of tshark's experts, in order."""
        found = []
        for frame, severities, texts in self._fields("frame.number", "_ws.expert.severity", "_ws.expert.message"):
            for severity, text in zip(severities.split("\x1f"), texts.split("\x1f")):
                if severity:
                    found.append(Remark(int(frame), int(severity), text))
        return found

    def faults(self):
        """The remarks that our messages must not cause, as text; empty if there is none."""
        found = [f"frame {r.frame}: {r.text}" for r in self.remarks() if r.severity >= _ERROR]
        for frame, protocols, malformed in self._fields("frame.number", "frame.protocols", "_ws.malformed"):
            if malformed or "malformed" in protocols:
                found.append(f"frame {frame}: malformed ({protocols})")
            elif "udp:" in protocols and not any(name in protocols for name in (":kerberos", ":cldap", ":kpasswd")):
                found.append(f"frame {frame}: not understood ({protocols})")
        return found

    def warnings(self):
        """Remarks of warning level as text: a key that is missing, a PAC signature that no key verifies."""
        return [f"frame {r.frame}: {r.text}" for r in self.remarks() if _WARNING <= r.severity < _ERROR]

    def verified(self):
        """The kinds of PAC signature that tshark verified: a set of "Server", "KDC", "Ticket"."""
        texts = [r.text for r in self.remarks()]
        return {kind for kind in ("Server", "KDC", "Ticket") if any(t.startswith(f"Verified {kind} checksum") for t in texts)}

    def message_types(self):
        """The number of each frame's Kerberos message types, as [[10], [11], [12, 14], [13], ...]."""
        return [[int(t) for t in types.split("\x1f")] for types, in self._fields("kerberos.msg_type") if types]

    def text(self):
        """tshark's full decoding, for people."""
        return self._tshark("-V").out

    def seen(self, field):
        """The frames' values of one of tshark's fields, those that have it."""
        return [value for value, in self._fields(field) if value]

    def _fields(self, *names):
        """The fields' values for each frame; several values of one field are joined by \\x1f."""
        options = [o for name in names for o in ("-e", name)]
        out = self._tshark("-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=\x1f", *options).out
        return [line.split("\t") for line in out.splitlines()]

    @functools.cache  # tshark takes seconds, and what was captured changes no more
    def _tshark(self, *options):
        self.stop()
        decode = [o for layer, port, name in self._decode for o in ("-d", f"{layer}.port=={port},{name}")]
        keys = ["-o", "kerberos.decrypt:TRUE", "-o", f"kerberos.file:{self.keytab}"] if self.keytab else []
        return foreign.on_path("tshark").run("-n", "-r", self.file, *decode, *keys, *options, timeout=120).ok()
