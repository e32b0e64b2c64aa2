"""The kdcproxy of FreeIPA (MS-KKDCP) in front of a forest's KDCs, over TLS. Run as a program it serves: PORT CERTIFICATE KEY."""

import pathlib
import sys

from samples.support import foreign

HOST = "localhost"
PATH = "/KdcProxy"


class KdcRelay:
    """A context manager. `controllers`: the [[domain.controller]] tables to ask, by realm."""

    def __init__(self, folder, certificate, key, controllers):
        self.folder = pathlib.Path(folder)
        self.certificate, self.key = certificate, key
        self.controllers = controllers

    def __enter__(self):
        try:
            import kdcproxy  # noqa: F401
        except ImportError:
            raise foreign.Missing("kdcproxy is not installed: run samples/install-packages test") from None
        (port,) = foreign.free_ports(1, "127.0.0.1")
        self.url = f"https://{HOST}:{port}{PATH}"
        conf = self.folder / "kdcproxy.conf"
        text = "[global]\nuse_dns = false\nsilence_port_warn = true\n"
        for realm, dcs in self.controllers.items():
            text += f"[{realm}]\nkerberos = " + " ".join(f"kerberos://{dc['address']}:{dc['kerberos_port']}" for dc in dcs) + "\n"
        conf.write_text(text)
        env = {**foreign.clean_environment(), "KDCPROXY_CONFIG": str(conf), "PYTHONPATH": str(foreign.TOP), "PYTHONDONTWRITEBYTECODE": "1"}
        self._server = foreign.Program(sys.executable).serve("-m", "tests.support.kdc_relay", port, self.certificate, self.key, env=env,
                                                             log=self.folder / "relay.log", tcp=("127.0.0.1", port))
        return self

    def __exit__(self, *_):
        self._server.stop()


def serve(port, certificate, key):
    import socketserver
    import ssl
    import wsgiref.simple_server
    import kdcproxy

    class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
        daemon_threads = True

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = wsgiref.simple_server.make_server("127.0.0.1", int(port), kdcproxy.Application(), server_class=Server)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
