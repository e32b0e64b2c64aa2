"""Runs one of impacket's example programs, which know the usual ports only, against a DC at other ports:

    python3 impacket_at.py PORT getST.py -spn HTTP/web ... -dc-ip 127.0.8.2
    python3 impacket_at.py 88=8088,389=8389,636=8636 rbcd.py ...

Some of them ask a DC for its name by SMB, which stead-kdc does not speak: $IMPACKET_DC_NAME is the answer.
"""

import os
import pathlib
import runpy
import socket
import sys

EXAMPLES = pathlib.Path("/usr/share/doc/python3-impacket/examples")


class NameOnly:
    """An SMB connection that is asked for the server's name and nothing else."""

    def __init__(self, name):
        self.name = name

    def login(self, user, password):
        pass

    def logoff(self):
        pass

    def getServerName(self):
        return self.name


def main():
    ports, program = sys.argv[1], sys.argv[2]
    pairs = (pair.split("=") for pair in (ports if "=" in ports else f"88={ports}").split(","))
    port_of = {int(usual): int(port) for usual, port in pairs}
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, service, *rest, **kw: resolve(host, port_of.get(service, service), *rest, **kw)
    if name := os.environ.get("IMPACKET_DC_NAME"):
        import impacket.smbconnection
        impacket.smbconnection.SMBConnection = lambda *args, **kw: NameOnly(name)
    sys.argv = [program, *sys.argv[3:]]
    runpy.run_path(str(EXAMPLES / program), run_name="__main__")


if __name__ == "__main__":
    main()
