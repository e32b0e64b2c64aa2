"""Runs one of impacket's example programs, which know port 88 only, against a KDC at another port:

    python3 impacket_at.py PORT getST.py -spn HTTP/web ... -dc-ip 127.0.8.2
"""

import pathlib
import runpy
import socket
import sys

EXAMPLES = pathlib.Path("/usr/share/doc/python3-impacket/examples")


def main():
    port, program = int(sys.argv[1]), sys.argv[2]
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, service, *rest: resolve(host, port if service == 88 else service, *rest)
    sys.argv = [program, *sys.argv[3:]]
    runpy.run_path(str(EXAMPLES / program), run_name="__main__")


if __name__ == "__main__":
    main()
