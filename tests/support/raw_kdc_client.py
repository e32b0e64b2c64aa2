"""A Kerberos client that sends exactly what a test asks for, and shows exactly what came back: by impacket's ASN.1 and
ciphers, one request at a time, without following referrals or trying another DC.

    kdc = RawKdc("127.0.8.1", 8088)
    tgt = kdc.sign_in("frontend$", "ROOT.FABRIKAM.COM", "password")
    evidence = kdc.s4u2self(tgt, "alice", "ROOT.FABRIKAM.COM")
    answer = kdc.s4u2proxy(tgt, evidence, "HTTP/backend.corp.contoso.com", rbcd=True)

Every answer is a Ticket or a Refusal.
"""

import dataclasses
import datetime
import hashlib
import random
import socket
import struct

from impacket.krb5 import asn1, constants, types
from impacket.krb5.constants import KDCOptions, encodeFlags
from impacket.krb5.crypto import Key, _enctype_table, make_checksum, string_to_key
from impacket.krb5.types import KerberosTime
from impacket.nt_errors import ERROR_MESSAGES
from pyasn1.codec.der import decoder, encoder
from pyasn1.type.univ import noValue

PRINCIPAL, SRV_INST, SRV_HST, ENTERPRISE = 1, 2, 3, 10
AES256, RC4 = 18, 23
_HMAC_MD5 = -138
_REFERRALS = [KDCOptions.forwardable.value, KDCOptions.renewable.value, KDCOptions.canonicalize.value]


@dataclasses.dataclass
class Ticket:
    """A ticket with what the reply said of it; `raw` is an impacket Ticket, `padata` the reply's encrypted padata by type."""

    client: str
    client_realm: str
    service: str
    realm: str
    flags: frozenset
    key: Key
    raw: object
    padata: dict

    @property
    def etype(self):
        return self.raw.encrypted_part.etype

    def __str__(self):
        return f"ticket of {self.client}@{self.client_realm} to {self.service}@{self.realm} {sorted(self.flags)}"


@dataclasses.dataclass
class Refusal:
    """A KRB-ERROR: its code's name, the NTSTATUS's name or None, and the message."""

    code: str
    status: str
    message: object

    def __str__(self):
        return f"{self.code} {self.status}"


class RawKdc:
    """One KDC at an address and port, asked by TCP."""

    def __init__(self, address, port, timeout=20):
        self.address = address
        self.port = port
        self.timeout = timeout

    def exchange(self, message):
        """Sends one message and returns the bytes of the reply."""
        with socket.create_connection((self.address, self.port), self.timeout) as connection:
            connection.sendall(struct.pack("!I", len(message)) + message)
            size = struct.unpack("!I", _receive(connection, 4))[0]
            return _receive(connection, size)

    def sign_in(self, name, realm, password, name_type=PRINCIPAL, at=None, etype=AES256, options=_REFERRALS):
        """The AS exchange with an encrypted timestamp (`at`: another time than now) by this enctype; a Ticket or a Refusal."""
        body = _body(name, name_type, f"krbtgt/{realm}", SRV_INST, realm, options, etypes=[etype])
        first = self.exchange(encoder.encode(_request(asn1.AS_REQ(), 10, [], body)))
        refusal = _refusal(first)
        if refusal is None or refusal.code != "KDC_ERR_PREAUTH_REQUIRED":
            return refusal or first
        key = password_key(etype, password, _salt(refusal, etype))
        now = at or datetime.datetime.utcnow()
        stamp = asn1.PA_ENC_TS_ENC()
        stamp["patimestamp"] = KerberosTime.to_asn1(now)
        stamp["pausec"] = now.microsecond
        padata = [(2, _encrypted(key, 1, encoder.encode(stamp))), (128, bytes.fromhex("3005a0030101ff")), (149, b"")]
        return self._answer(encoder.encode(_request(asn1.AS_REQ(), 10, padata, body)), asn1.AS_REP(), asn1.EncASRepPart(), key, 3)

    def tgs(self, tgt, service, name_type=SRV_INST, options=_REFERRALS, padata=(), additional=(), realm=None, at=None):
        """A TGS exchange for `service` ("HTTP/host") with the ticket given as header; a Ticket or a Refusal."""
        body = _body(None, None, service, name_type, realm or _realm_served(tgt), options, additional)
        message = encoder.encode(_request(asn1.TGS_REQ(), 12, [(1, _ap_req(tgt, body, at)), *padata], body))
        return self._answer(message, asn1.TGS_REP(), asn1.EncTGSRepPart(), tgt.key, 8)

    def s4u2self(self, tgt, user, user_realm, service=None, service_type=PRINCIPAL, **kw):
        """S4U2Self by PA-FOR-USER, to the TGT's own client unless `service` says otherwise."""
        return self.tgs(tgt, service or tgt.client, service_type, padata=[(129, for_user(tgt.key, user, user_realm))], **kw)

    def s4u2proxy(self, tgt, evidence, service, rbcd=True, options=_REFERRALS, **kw):
        """S4U2Proxy, with the RBCD bit of PA-PAC-OPTIONS or without."""
        return self.tgs(tgt, service, options=[*options, KDCOptions.cname_in_addl_tkt.value], additional=[evidence.raw],
                        padata=[(167, pac_options())] if rbcd else [], **kw)

    def _answer(self, message, reply_type, part_type, key, usage):
        reply = self.exchange(message)
        refusal = _refusal(reply)
        if refusal is not None:
            return refusal
        rep, rest = decoder.decode(reply, asn1Spec=reply_type)
        assert not rest
        etype = int(rep["enc-part"]["etype"])
        part = decoder.decode(_enctype_table[etype].decrypt(key, usage, rep["enc-part"]["cipher"].asOctets()), asn1Spec=part_type)[0]
        padata = part["encrypted_pa_data"]
        return Ticket(client="/".join(map(str, rep["cname"]["name-string"])), client_realm=str(rep["crealm"]),
                      service="/".join(map(str, part["sname"]["name-string"])), realm=str(part["srealm"]),
                      flags=frozenset(i for i, bit in enumerate(part["flags"]) if bit),
                      key=Key(int(part["key"]["keytype"]), part["key"]["keyvalue"].asOctets()), raw=_ticket(rep["ticket"]),
                      padata={int(p["padata-type"]): p["padata-value"].asOctets() for p in padata} if padata.hasValue() else {})


# --- parts of requests --------------------------------------------------------------------------------------

def password_key(etype, password, salt):
    """impacket's string_to_key, whose PBKDF2 in Python takes a second, with that of OpenSSL."""
    if etype == RC4:
        return string_to_key(RC4, password, salt, None)
    seed = hashlib.pbkdf2_hmac("sha1", password.encode(), salt.encode(), 4096, 32)
    profile = _enctype_table[AES256]
    return profile.derive(profile.random_to_key(seed), b"kerberos")


def for_user(key, user, realm):
    """The value of a PA-FOR-USER, signed with the TGT's session key."""
    out = asn1.PA_FOR_USER_ENC()
    _set_name(asn1.seq_set(out, "userName"), user, PRINCIPAL)
    out["userRealm"] = realm
    signed = struct.pack("<i", PRINCIPAL) + (user + realm + "Kerberos").encode()
    checksum = asn1.seq_set(out, "cksum")
    checksum["cksumtype"] = _HMAC_MD5
    checksum["checksum"] = make_checksum(_HMAC_MD5, key, 17, signed)
    out["auth-package"] = "Kerberos"
    return encoder.encode(out)


def pac_options(*bits):
    """The value of a PA-PAC-OPTIONS: the RBCD bit unless others are given."""
    out = asn1.PA_PAC_OPTIONS()
    out["flags"] = encodeFlags(bits or [constants.PAPacOptions.resource_based_constrained_delegation.value])
    return encoder.encode(out)


def _set_name(field, name, name_type):
    field["name-type"] = name_type
    for i, component in enumerate([name] if name_type == ENTERPRISE else name.split("/")):
        field["name-string"][i] = component


def _body(client, client_type, service, service_type, realm, options, additional=(), etypes=(AES256, 17, RC4)):
    """A function that fills in a KDC-REQ-BODY: twice the same, for the authenticator's checksum and for the request."""
    later = KerberosTime.to_asn1(datetime.datetime.utcnow() + datetime.timedelta(days=1))
    nonce = random.getrandbits(31)

    def fill(body):
        body["kdc-options"] = encodeFlags(options)
        if client is not None:
            _set_name(asn1.seq_set(body, "cname"), client, client_type)
        body["realm"] = realm
        _set_name(asn1.seq_set(body, "sname"), service, service_type)
        body["till"] = later
        body["rtime"] = later
        body["nonce"] = nonce
        asn1.seq_set_iter(body, "etype", etypes)
        if additional:
            tickets = asn1.seq_set(body, "additional-tickets")
            for i, ticket in enumerate(additional):
                tickets[i] = ticket.to_asn1(asn1.Ticket())
        return body

    return fill


def _request(request, message_type, padata, fill_body):
    request["pvno"] = 5
    request["msg-type"] = message_type
    for i, (padata_type, value) in enumerate(padata):
        if i == 0:
            request["padata"] = noValue
        request["padata"][i] = noValue
        request["padata"][i]["padata-type"] = padata_type
        request["padata"][i]["padata-value"] = value
    fill_body(asn1.seq_set(request, "req-body"))
    return request


def _encrypted(key, usage, plain):
    out = asn1.EncryptedData()
    out["etype"] = key.enctype
    out["cipher"] = _enctype_table[key.enctype].encrypt(key, usage, plain, None)
    return encoder.encode(out)


def _ap_req(tgt, fill_body, at):
    now = at or datetime.datetime.utcnow()
    authenticator = asn1.Authenticator()
    authenticator["authenticator-vno"] = 5
    authenticator["crealm"] = tgt.client_realm
    _set_name(asn1.seq_set(authenticator, "cname"), tgt.client, PRINCIPAL)
    authenticator["cusec"] = now.microsecond
    authenticator["ctime"] = KerberosTime.to_asn1(now)
    checksum = asn1.seq_set(authenticator, "cksum")
    checksum["cksumtype"] = {17: 15, 18: 16, 23: _HMAC_MD5}[tgt.key.enctype]
    checksum["checksum"] = make_checksum(int(checksum["cksumtype"]), tgt.key, 6, encoder.encode(fill_body(asn1.KDC_REQ_BODY())))
    out = asn1.AP_REQ()
    out["pvno"] = 5
    out["msg-type"] = 14
    out["ap-options"] = encodeFlags([])
    asn1.seq_set(out, "ticket", tgt.raw.to_asn1)
    sealed = asn1.seq_set(out, "authenticator")
    sealed["etype"] = tgt.key.enctype
    sealed["cipher"] = _enctype_table[tgt.key.enctype].encrypt(tgt.key, 7, encoder.encode(authenticator), None)
    return encoder.encode(out)


def _realm_served(tgt):
    """The realm whose KDC opens this TGT: krbtgt/REALM."""
    return tgt.service.partition("/")[2] or tgt.realm


# --- parts of replies ---------------------------------------------------------------------------------------

def _receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError(f"the KDC closed the connection after {len(data)} of {size} bytes")
        data += more
    return data


def _ticket(value):
    out = types.Ticket()
    out.from_asn1(value)
    return out


def _refusal(reply):
    if reply[:1] != b"\x7e":
        return None
    message, rest = decoder.decode(reply, asn1Spec=asn1.KRB_ERROR())
    assert not rest
    code = constants.ErrorCodes(int(message["error-code"])).name
    status = None
    if message["e-data"].hasValue() and message["e-data"].asOctets()[2:3] == b"\xa1":
        data = decoder.decode(message["e-data"].asOctets(), asn1Spec=asn1.KERB_ERROR_DATA())[0]
        assert int(data["data-type"]) == 3, data
        number, reserved, flags = struct.unpack("<III", data["data-value"].asOctets())
        assert reserved == 0 and flags == (3 if code not in _AS_ONLY else flags), data
        status = ERROR_MESSAGES[number][0] if number in ERROR_MESSAGES else _MORE_STATUS.get(number, f"{number:#010x}")
    return Refusal(code, status, message)


_AS_ONLY = ("KDC_ERR_CLIENT_REVOKED", "KDC_ERR_KEY_EXPIRED", "KDC_ERR_C_PRINCIPAL_UNKNOWN")
_MORE_STATUS = {0xC000040B: "STATUS_CROSSREALM_DELEGATION_FAILURE"}


def _salt(refusal, etype):
    for method in decoder.decode(refusal.message["e-data"].asOctets(), asn1Spec=asn1.METHOD_DATA())[0]:
        if int(method["padata-type"]) == 19:
            for entry in decoder.decode(method["padata-value"].asOctets(), asn1Spec=asn1.ETYPE_INFO2())[0]:
                if int(entry["etype"]) == etype:
                    return str(entry["salt"]) if entry["salt"].hasValue() else ""
    raise AssertionError(f"the KDC offers no key of enctype {etype}")
