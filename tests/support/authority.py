"""Certificate authorities made by openssl: they issue and revoke certificates and publish revocation lists."""

import datetime
import pathlib

from samples.support import foreign

UPN = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:"
SID = "1.3.6.1.4.1.311.25.2"


def _tlv(tag, content):
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def sid_extension(sid):
    """The line of openssl.cnf for the SID that Active Directory's CA writes into a certificate (MS-WCCE 2.2.2.7.7.4)."""
    oid = bytes.fromhex("060a2b060104018237190201")
    der = _tlv(0x30, _tlv(0xa0, oid + _tlv(0xa0, _tlv(0x04, sid.encode()))))
    return f"{SID} = DER:{der.hex(':')}"


_CONF = """
[ca]
default_ca = own
[own]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
crlnumber = $dir/crlnumber
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = names
[names]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


def _time(days):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """An authority in a folder of its own: a root, or issued by another one. `certificate` is its file."""

    def __init__(self, folder, name, issuer=None):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.name, self.issuer, self.certificate = name, issuer, self.folder / "ca.crt"
        self._conf = self.folder / "openssl.cnf"
        self._conf.write_text(_CONF.format(folder=self.folder))
        for file, text in (("index.txt", ""), ("serial", "1000\n"), ("crlnumber", "01\n")):
            (self.folder / file).write_text(text)
        if issuer is None:
            foreign.run("openssl", "req", "-x509", "-config", self._conf, "-extensions", "authority", "-subj", f"/CN={name}", "-days", "30",
                        *self._new_key("ca"), "-out", self.certificate).ok()
        else:
            issuer._sign(self._request("ca", name), self.certificate, "authority", -1, 30)

    def issue(self, stem, name, extensions=(), begins=-1, ends=2, usage="clientAuth", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """Writes STEM.crt, with the chain up to the root, and STEM.key; returns their paths. Times are in days from now.
        `key` goes to openssl behind -newkey."""
        lines = [f"extendedKeyUsage = {usage}", *extensions]
        with self._conf.open("a") as conf:
            conf.write(f"[{stem}]\n" + "\n".join(lines) + "\n")
        alone = self.folder / f"{stem}.alone.crt"
        self._sign(self._request(stem, name, key), alone, stem, begins, ends)
        chain, issuer = alone.read_text(), self
        while issuer.issuer is not None:
            chain += issuer.certificate.read_text()
            issuer = issuer.issuer
        certificate = self.folder / f"{stem}.crt"
        certificate.write_text(chain)
        return certificate, self.folder / f"{stem}.key"

    def ocsp_response(self, certificate, file, issuer=None, ends_in=60, responder=None):
        """Writes an OCSP response about the certificate that this authority issued, good for so many minutes. `issuer` is named as the
        certificate's in place of this authority; `responder` is a certificate and a key that sign in place of the authority's."""
        signer, key = responder or (self.certificate, self.folder / "ca.key")
        foreign.run("openssl", "ocsp", "-index", self.folder / "index.txt", "-CA", self.certificate, "-rsigner", signer, "-rkey", key,
                    "-issuer", (issuer or self).certificate, "-cert", certificate, "-nmin", str(ends_in), "-noverify", "-respout", file).ok()
        return pathlib.Path(file)

    def revoke(self, certificate):
        self._ca("-revoke", certificate).ok()

    def revocation_list(self, ends=1, der=False):
        """The current revocation list, with its next update in so many days, as PEM or DER."""
        self._ca("-gencrl", "-crl_lastupdate", _time(-3), "-crl_nextupdate", _time(ends), "-out", self.folder / "crl.pem").ok()
        if not der:
            return (self.folder / "crl.pem").read_text()
        foreign.run("openssl", "crl", "-in", self.folder / "crl.pem", "-outform", "DER", "-out", self.folder / "crl.der").ok()
        return (self.folder / "crl.der").read_bytes()

    def _new_key(self, stem, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        return ["-newkey", *key, "-nodes", "-keyout", self.folder / f"{stem}.key"]

    def _request(self, stem, name, *key):
        request = self.folder / f"{stem}.csr"
        foreign.run("openssl", "req", "-new", "-config", self._conf, "-subj", f"/CN={name}", *self._new_key(stem, *key), "-out", request).ok()
        return request

    def _sign(self, request, out, extensions, begins, ends):
        self._ca("-notext", "-in", request, "-out", out, "-extensions", extensions, "-startdate", _time(begins), "-enddate", _time(ends)).ok()

    def _ca(self, *options):
        return foreign.run("openssl", "ca", "-batch", "-config", self._conf, *options)
