"""stead/sspi.h from Python: libstead.so by the names of stead/sspi_names.h, with ctypes."""

import ctypes

from samples.support import foreign

u32, pointer, void = ctypes.c_uint32, ctypes.POINTER, ctypes.c_void_p


class Handle(ctypes.Structure):
    _fields_ = [("lower", ctypes.c_size_t), ("upper", ctypes.c_size_t)]


class SecBuffer(ctypes.Structure):
    _fields_ = [("size", u32), ("type", u32), ("data", void)]


class SecBufferDesc(ctypes.Structure):
    _fields_ = [("version", u32), ("count", u32), ("buffers", pointer(SecBuffer))]


class UnicodeString(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("maximum", ctypes.c_uint16), ("buffer", void)]


class S4uLogon(ctypes.Structure):
    _fields_ = [("type", u32), ("flags", u32), ("upn", UnicodeString), ("realm", UnicodeString)]


class AuthIdentity(ctypes.Structure):
    _fields_ = [("user", ctypes.c_char_p), ("user_length", u32), ("domain", ctypes.c_char_p), ("domain_length", u32),
                ("password", ctypes.c_char_p), ("password_length", u32), ("flags", u32)]


class LsaString(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("maximum", ctypes.c_uint16), ("buffer", ctypes.c_char_p)]


class Detail(ctypes.Structure):
    _fields_ = [("size", u32), ("status", u32), ("kerberos", ctypes.c_int32), ("nt_status", u32), ("attempts", u32),
                ("stage", ctypes.c_char * 32), ("realm", ctypes.c_char * 256), ("controller", ctypes.c_char * 256),
                ("address", ctypes.c_char * 64), ("level", ctypes.c_char * 16), ("diagnosis", ctypes.c_char * 64),
                ("text", ctypes.c_char * 1024)]


class DomainController(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("address", ctypes.c_char_p), ("address_type", u32), ("guid", ctypes.c_uint8 * 16),
                ("domain", ctypes.c_char_p), ("forest", ctypes.c_char_p), ("flags", u32), ("site", ctypes.c_char_p),
                ("client_site", ctypes.c_char_p)]


class Stead:
    """The calls of the tests, each returning its status as an unsigned number."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(str(path))

    def call(self, name, *args):
        function = getattr(self.lib, f"stead_{name}")
        function.restype = u32
        return function(*args)

    def detail(self):
        detail = Detail(size=ctypes.sizeof(Detail))
        assert self.call("ShimGetLastErrorDetail", ctypes.byref(detail)) == 0
        return detail

    def log_on(self, user, flags=0):
        """LsaLogonUser with KERB_S4U_LOGON and these flags; the status and the token."""
        lsa, token, package, sub = void(), void(), u32(), u32()
        assert self.call("LsaConnectUntrusted", ctypes.byref(lsa)) == 0
        name = LsaString(8, 9, b"Kerberos")
        assert self.call("LsaLookupAuthenticationPackage", lsa, ctypes.byref(name), ctypes.byref(package)) == 0
        text = user.encode("utf-16-le")
        block = ctypes.create_string_buffer(ctypes.sizeof(S4uLogon) + len(text))
        logon = S4uLogon.from_buffer(block)
        logon.type, logon.flags = 12, flags
        logon.upn = UnicodeString(len(text), len(text), ctypes.addressof(block) + ctypes.sizeof(S4uLogon))
        ctypes.memmove(logon.upn.buffer, text, len(text))
        status = self.call("LsaLogonUser", lsa, ctypes.byref(name), 3, package, block, len(block), None, None, None, None, None,
                           ctypes.byref(token), None, ctypes.byref(sub))
        assert self.call("LsaDeregisterLogonProcess", lsa) == 0
        return status, token

    def locate(self, domain, flags, site=None, guid=None):
        """DsGetDcName: name, address, domain, forest and flags of the DC, or the error's number."""
        found = pointer(DomainController)()
        binary = guid and (ctypes.c_uint8 * 16)(*guid)
        status = self.call("DsGetDcNameA", None, domain and domain.encode(), binary, site and site.encode(), flags, ctypes.byref(found))
        if status != 0:
            return status
        dc = found.contents
        out = (dc.name, dc.address, dc.domain, dc.forest, dc.flags)
        assert self.call("NetApiBufferFree", found) == 0
        return out

    def controller(self, domain):
        """DsGetDcName: the whole of DOMAIN_CONTROLLER_INFO as a dict."""
        found = pointer(DomainController)()
        assert self.call("DsGetDcNameA", None, domain.encode(), None, None, 0, ctypes.byref(found)) == 0
        out = {name: bytes(value) if name == "guid" else value for name, value in ((f[0], getattr(found.contents, f[0])) for f in DomainController._fields_)}
        assert self.call("NetApiBufferFree", found) == 0
        return out

    def accept(self, token):
        """AcquireCredentialsHandle and AcceptSecurityContext: the context of the token's sender."""
        credential, context = Handle(), Handle()
        assert self.call("AcquireCredentialsHandleA", None, b"Negotiate", 1, None, None, None, None, ctypes.byref(credential), None) == 0
        data = ctypes.create_string_buffer(token, len(token))
        buffers = [SecBuffer(len(token), 2, ctypes.cast(data, void)), SecBuffer(0, 2, None)]
        descs = [SecBufferDesc(0, 1, ctypes.pointer(buffer)) for buffer in buffers]
        status = self.call("AcceptSecurityContext", ctypes.byref(credential), None, ctypes.byref(descs[0]), 0x100, 0, ctypes.byref(context),
                           ctypes.byref(descs[1]), None, None)
        assert status == 0, self.detail().text
        assert self.call("FreeContextBuffer", void(buffers[1].data)) == 0
        assert self.call("FreeCredentialsHandle", ctypes.byref(credential)) == 0
        return context

    def first_token(self, target, user=None, password=None):
        """AcquireCredentialsHandle (for a user with their password, if given) and InitializeSecurityContext: the status and the token."""
        credential, context = Handle(), Handle()
        identity = user and AuthIdentity(user.encode(), len(user), None, 0, password.encode(), len(password), 1)
        assert self.call("AcquireCredentialsHandleA", None, b"Negotiate", 2, None, identity and ctypes.byref(identity), None, None,
                         ctypes.byref(credential), None) == 0, self.detail().text
        out = SecBuffer(0, 2, None)
        desc = SecBufferDesc(0, 1, ctypes.pointer(out))
        status = self.call("InitializeSecurityContextA", ctypes.byref(credential), None, target.encode(), 0x102, 0, 0, None, 0,
                           ctypes.byref(context), ctypes.byref(desc), None, None)
        token = ctypes.string_at(out.data, out.size) if out.data else b""
        if out.data:
            assert self.call("FreeContextBuffer", void(out.data)) == 0
            assert self.call("DeleteSecurityContext", ctypes.byref(context)) == 0
        assert self.call("FreeCredentialsHandle", ctypes.byref(credential)) == 0
        return status, token


def is_sanitized():
    """Whether the build has a sanitizer, whose runtime cannot be loaded late."""
    cache = foreign.BUILD / "CMakeCache.txt"
    return cache.is_file() and any(line.startswith("STEAD_SANITIZE") and not line.endswith("=") for line in cache.read_text().splitlines())
