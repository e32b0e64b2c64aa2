#!/usr/bin/python3
"""Encodes the values of tests/protocol/samples.h with impacket's and pyasn1's encoders: a second opinion on ours.

Writes kerberos_messages.txt: make_kerberos.py > kerberos_messages.txt (needs python3-impacket; made with 0.10.0).
"""
import datetime
import sys

from impacket.krb5 import asn1
from pyasn1.codec.der import encoder
from pyasn1.type import char, namedtype, tag, univ


def fill(spec, value):
    """A pyasn1 value of this type from dicts, lists, str, bytes and numbers."""
    if isinstance(value, dict):
        for name, part in value.items():
            spec.setComponentByName(name, fill(spec.componentType.getTypeByPosition(
                spec.componentType.getPositionByName(name)).clone(), part))
        return spec
    if isinstance(value, list):
        spec.clear()
        for i, part in enumerate(value):
            spec.setComponentByPosition(i, fill(spec.componentType.clone(), part))
        return spec
    return spec.clone(value)


def flags(value):
    return tuple(value >> (31 - i) & 1 for i in range(32))


def time(seconds=0):
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y%m%d%H%M%SZ")


def explicit(number):
    return tag.Tag(tag.tagClassContext, tag.tagFormatSimple, number)


class S4UUserID(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("nonce", univ.Integer().subtype(explicitTag=explicit(0))),
        namedtype.OptionalNamedType("cname", asn1.PrincipalName().subtype(explicitTag=explicit(1))),
        namedtype.NamedType("crealm", char.GeneralString().subtype(explicitTag=explicit(2))),
        namedtype.OptionalNamedType("subject-certificate", univ.OctetString().subtype(explicitTag=explicit(3))),
        namedtype.OptionalNamedType("options", univ.BitString().subtype(explicitTag=explicit(4))))


class PAS4UX509User(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("user-id", S4UUserID().subtype(explicitTag=explicit(0))),
        namedtype.NamedType("checksum", asn1.Checksum().subtype(explicitTag=explicit(1))))


class ChangePasswdData(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("newpasswd", univ.OctetString().subtype(explicitTag=explicit(0))),
        namedtype.OptionalNamedType("targname", asn1.PrincipalName().subtype(explicitTag=explicit(1))),
        namedtype.OptionalNamedType("targrealm", char.GeneralString().subtype(explicitTag=explicit(2))))


ALICE = {"name-type": 1, "name-string": ["alice"]}
WEB = {"name-type": 2, "name-string": ["HTTP", "web.a.example"]}
ENTERPRISE = {"name-type": 10, "name-string": ["alice@a.example"]}
ENCRYPTED = {"etype": 18, "kvno": 3, "cipher": b"\xc5" * 20}
KEY = {"keytype": 18, "keyvalue": b"\x4b" * 32}
CHECKSUM = {"cksumtype": 16, "checksum": b"\xcc" * 12}
ADDRESSES = [{"addr-type": 2, "address": bytes([192, 0, 2, 1])}, {"addr-type": 20, "address": b"WORKSTATION     "}]
TICKET = {"tkt-vno": 5, "realm": "A.EXAMPLE", "sname": WEB, "enc-part": ENCRYPTED}
PAC_OPTIONS = encoder.encode(fill(asn1.PA_PAC_OPTIONS(), {"flags": flags(0x80000000)}))
PADATA = [{"padata-type": 1, "padata-value": b"\1\2\3"}, {"padata-type": 167, "padata-value": PAC_OPTIONS}]
IF_RELEVANT = encoder.encode(fill(asn1.AD_IF_RELEVANT(), [{"ad-type": 128, "ad-data": b"\x09\x08\x07"}]))
AUTHORIZATION = [{"ad-type": 1, "ad-data": IF_RELEVANT}]
BODY = {
    "kdc-options": flags(0x40000000 | 0x00010000 | 0x00020000), "cname": ALICE, "realm": "A.EXAMPLE", "sname": WEB,
    "from": time(), "till": time(36000), "rtime": time(604800), "nonce": 0x12345678, "etype": [18, 23, -133],
    "addresses": ADDRESSES, "enc-authorization-data": ENCRYPTED, "additional-tickets": [TICKET]}
AS_BODY = {
    "kdc-options": flags(0x40000000), "cname": ENTERPRISE, "realm": "A.EXAMPLE",
    "sname": {"name-type": 2, "name-string": ["krbtgt", "A.EXAMPLE"]}, "till": time(36000), "nonce": 7, "etype": [17]}


def reply(kind):
    return {"pvno": 5, "msg-type": kind, "padata": PADATA, "crealm": "A.EXAMPLE", "cname": ALICE, "ticket": TICKET,
            "enc-part": ENCRYPTED}


REPLY_PART = {
    "key": KEY, "last-req": [{"lr-type": 0, "lr-value": time()}, {"lr-type": 6, "lr-value": time(86400)}],
    "nonce": 0x12345678, "key-expiration": time(86400), "flags": flags(0x40000000 | 0x00010000), "authtime": time(),
    "starttime": time(1), "endtime": time(36000), "renew-till": time(604800), "srealm": "A.EXAMPLE", "sname": WEB,
    "caddr": ADDRESSES, "encrypted_pa_data": PADATA}

VECTORS = {
    "ticket": (asn1.Ticket(), TICKET),
    "enc_ticket_part": (asn1.EncTicketPart(), {
        "flags": flags(0x40000000 | 0x00200000), "key": KEY, "crealm": "A.EXAMPLE", "cname": ALICE,
        "transited": {"tr-type": 1, "contents": b"EXAMPLE,B."}, "authtime": time(), "starttime": time(1),
        "endtime": time(36000), "renew-till": time(604800), "caddr": ADDRESSES, "authorization-data": AUTHORIZATION}),
    "as_req": (asn1.AS_REQ(), {"pvno": 5, "msg-type": 10, "req-body": AS_BODY}),
    "tgs_req": (asn1.TGS_REQ(), {"pvno": 5, "msg-type": 12, "padata": PADATA, "req-body": BODY}),
    "as_rep": (asn1.AS_REP(), reply(11)),
    "tgs_rep": (asn1.TGS_REP(), reply(13)),
    "enc_as_rep_part": (asn1.EncASRepPart(), REPLY_PART),
    "enc_tgs_rep_part": (asn1.EncTGSRepPart(), REPLY_PART),
    "ap_req": (asn1.AP_REQ(), {"pvno": 5, "msg-type": 14, "ap-options": flags(0x20000000), "ticket": TICKET,
                               "authenticator": ENCRYPTED}),
    "ap_rep": (asn1.AP_REP(), {"pvno": 5, "msg-type": 15, "enc-part": ENCRYPTED}),
    "authenticator": (asn1.Authenticator(), {
        "authenticator-vno": 5, "crealm": "A.EXAMPLE", "cname": ALICE, "cksum": CHECKSUM, "cusec": 123456, "ctime": time(),
        "subkey": KEY, "seq-number": 0x11223344, "authorization-data": AUTHORIZATION}),
    "enc_ap_rep_part": (asn1.EncAPRepPart(), {"ctime": time(), "cusec": 654321, "subkey": KEY, "seq-number": 0x11223344}),
    "krb_error": (asn1.KRB_ERROR(), {
        "pvno": 5, "msg-type": 30, "ctime": time(), "cusec": 1, "stime": time(300), "susec": 999999, "error-code": 13,
        "crealm": "A.EXAMPLE", "cname": ALICE, "realm": "B.EXAMPLE", "sname": WEB, "e-text": "no",
        "e-data": bytes.fromhex("3015A103020103A20E040C250200C00000000003000000")}),
    "pa_enc_ts_enc": (asn1.PA_ENC_TS_ENC(), {"patimestamp": time(), "pausec": 5}),
    "etype_info2": (asn1.ETYPE_INFO2(), [{"etype": 18, "salt": "A.EXAMPLEalice", "s2kparams": b"\0\0\x10\0"}, {"etype": 23}]),
    "pa_pac_request": (asn1.KERB_PA_PAC_REQUEST(), {"include-pac": True}),
    "pa_pac_options": (asn1.PA_PAC_OPTIONS(), {"flags": flags(0x10000000)}),
    "pa_for_user": (asn1.PA_FOR_USER_ENC(), {
        "userName": ENTERPRISE, "userRealm": "A.EXAMPLE", "cksum": {"cksumtype": -138, "checksum": b"\x5a" * 16},
        "auth-package": "Kerberos"}),
    "pa_s4u_x509_user": (PAS4UX509User(), {
        "user-id": {"nonce": 0x7FFFFFFF, "cname": ALICE, "crealm": "A.EXAMPLE", "subject-certificate": b"\x30\x00",
                    "options": flags(0x60000000)},
        "checksum": CHECKSUM}),
    "krb_priv": (asn1.KRB_PRIV(), {"pvno": 5, "msg-type": 21, "enc-part": ENCRYPTED}),
    "enc_krb_priv_part": (asn1.EncKrbPrivPart(), {
        "user-data": b"AAAAA", "timestamp": time(), "cusec": 17, "seq-number": 0x01020304,
        "s-address": {"addr-type": 2, "address": bytes([192, 0, 2, 1])},
        "r-address": {"addr-type": 2, "address": bytes([192, 0, 2, 2])}}),
    "krb_cred": (asn1.KRB_CRED(), {"pvno": 5, "msg-type": 22, "tickets": [TICKET], "enc-part": ENCRYPTED}),
    "enc_krb_cred_part": (asn1.EncKrbCredPart(), {
        "ticket-info": [{
            "key": KEY, "prealm": "A.EXAMPLE", "pname": ALICE, "flags": flags(0x40000000 | 0x20000000), "authtime": time(),
            "starttime": time(1), "endtime": time(36000), "renew-till": time(604800), "srealm": "A.EXAMPLE",
            "sname": {"name-type": 2, "name-string": ["krbtgt", "A.EXAMPLE"]}, "caddr": ADDRESSES}],
        "nonce": 0x01020304, "timestamp": time(), "usec": 17,
        "s-address": {"addr-type": 2, "address": bytes([192, 0, 2, 1])},
        "r-address": {"addr-type": 2, "address": bytes([192, 0, 2, 2])}}),
    "change_passwd_data": (ChangePasswdData(), {"newpasswd": b"new", "targname": ALICE, "targrealm": "A.EXAMPLE"}),
}

print("# The values of tests/protocol/samples.h as impacket 0.10.0 and pyasn1 encode them (make_kerberos.py). name = hex; a value goes")
print("# on in the lines that start with a blank.")
for name, (spec, value) in VECTORS.items():
    text = encoder.encode(fill(spec, value)).hex()
    print(f"{name} =")
    for start in range(0, len(text), 120):
        print("  " + text[start:start + 120])
sys.exit(0)
