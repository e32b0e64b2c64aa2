"""Decrypts tickets with a keytab and reads their PACs with impacket's structures; checks the server's signature itself."""

import struct

from impacket.dcerpc.v5.rpcrt import TypeSerialization1
from impacket.krb5 import asn1, pac
from impacket.krb5.crypto import Key, _enctype_table, verify_checksum
from impacket.krb5.keytab import Keytab
from pyasn1.codec.der import decoder

AD_IF_RELEVANT, AD_WIN2K_PAC = 1, 128
LOGON_INFO, SERVER_CHECKSUM, KDC_CHECKSUM, CLIENT_INFO, DELEGATION_INFO, UPN_DNS = 1, 6, 7, 10, 11, 12
TICKET_CHECKSUM, ATTRIBUTES, REQUESTOR, FULL_CHECKSUM = 16, 17, 18, 19


def keys(keytab):
    """The keys of a keytab by enctype; of a file with one account."""
    found = {}
    for entry in Keytab.loadFile(str(keytab)).entries:
        block = entry.main_part["keyblock"]
        found[block["keytype"]] = Key(block["keytype"], bytes.fromhex(block.hexlifiedValue().decode()))
    return found


def open_ticket(ticket, keytab):
    """The EncTicketPart of a raw_kdc_client.Ticket."""
    part = ticket.raw.encrypted_part
    key = keys(keytab)[part.etype]
    return decoder.decode(_enctype_table[part.etype].decrypt(key, 2, part.ciphertext.encode("latin-1")), asn1Spec=asn1.EncTicketPart())[0]


class Pac:
    """The PAC of a ticket: `buffers` by type, and what is in them."""

    def __init__(self, ticket, keytab):
        part = open_ticket(ticket, keytab)
        first = part["authorization-data"][0]
        assert int(first["ad-type"]) == AD_IF_RELEVANT, "the PAC comes first, in AD-IF-RELEVANT"
        inner = decoder.decode(first["ad-data"].asOctets(), asn1Spec=asn1.AD_IF_RELEVANT())[0]
        assert [int(e["ad-type"]) for e in inner] == [AD_WIN2K_PAC]
        self.data = inner[0]["ad-data"].asOctets()
        self.key = keys(keytab)[ticket.etype]
        self.where = {}
        count, version = struct.unpack_from("<II", self.data)
        assert version == 0
        for i in range(count):
            kind, size, offset = struct.unpack_from("<IIQ", self.data, 8 + 16 * i)
            assert offset % 8 == 0 and offset + size <= len(self.data) and kind not in self.where
            self.where[kind] = (offset, size)

    @property
    def kinds(self):
        return set(self.where)

    def buffer(self, kind):
        offset, size = self.where[kind]
        return self.data[offset:offset + size]

    def verify_server_signature(self):
        """Raises InvalidChecksum if the signature is not valid."""
        zeroed = bytearray(self.data)
        for kind in (SERVER_CHECKSUM, KDC_CHECKSUM):
            offset, size = self.where[kind]
            zeroed[offset + 4:offset + size] = bytes(size - 4)
        signature = self.buffer(SERVER_CHECKSUM)
        verify_checksum(struct.unpack_from("<i", signature)[0], self.key, 17, bytes(zeroed), signature[4:])

    def logon_info(self):
        return _ndr(pac.KERB_VALIDATION_INFO, self.buffer(LOGON_INFO))

    def user_sid(self):
        info = self.logon_info()
        return f"{info['LogonDomainId'].formatCanonical()}-{info['UserId']}"

    def group_rids(self):
        return {group["RelativeId"] for group in self.logon_info()["GroupIds"]}

    def extra_sids(self):
        info = self.logon_info()
        return {entry["Sid"].formatCanonical() for entry in info["ExtraSids"]} if info["SidCount"] else set()

    def client_name(self):
        return pac.PAC_CLIENT_INFO(self.buffer(CLIENT_INFO))["Name"].decode("utf-16-le")

    def upn(self):
        data = self.buffer(UPN_DNS)
        size, offset = struct.unpack_from("<HH", data)
        return data[offset:offset + size].decode("utf-16-le")

    def delegation(self):
        """S4U_DELEGATION_INFO as (target, [transited services])."""
        info = _ndr(pac.S4U_DELEGATION_INFO, self.buffer(DELEGATION_INFO))
        return info["S4U2proxyTarget"], [name["Data"] for name in info["S4UTransitedServices"]]


def _ndr(structure, data):
    # After the header comes the referent of the pointer to the whole.
    body = data[len(TypeSerialization1(data)) + 4:]
    out = structure()
    out.fromString(body)
    out.fromStringReferents(body[len(out.getData()):])
    return out
