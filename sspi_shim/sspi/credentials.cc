// AcquireCredentialsHandle, FreeCredentialsHandle and QueryCredentialsAttributes.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/context_state.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/locate.h"
#include "sspi_shim/sspi/objects.h"
#include "sspi_shim/sspi/user_ccache.h"

namespace stead::sspi {
namespace {

// Whose credentials the caller wants.
struct Named {
  std::string principal, keytab, ccache;
  bool by_password = false;
  bool of_user = false;     // who runs the program: there is no pAuthData, or an identity without a name
  std::string user, realm;  // by password: the name for Client::user_by_password, and the realm of a name without one
  SecretBuffer password;
};

// A string of SEC_WINNT_AUTH_IDENTITY in UTF-8. `length` counts characters, or UTF-16 units.
SecretBuffer counted_text(const void* text, ULONG length, bool wide) {
  if (text == nullptr || length == 0) return {};
  if (!wide) return to_secret({static_cast<const std::uint8_t*>(text), length});
  SecretBuffer out;
  const auto* units = static_cast<const USHORT*>(text);
  for (ULONG i = 0; i < length; ++i) {
    char32_t point = units[i];
    const bool pair =
        point >= 0xD800 && point < 0xDC00 && i + 1 < length && units[i + 1] >= 0xDC00 && units[i + 1] < 0xE000;
    if (pair) point = 0x10000 + ((point - 0xD800) << 10) + (units[++i] - 0xDC00U);
    if (!pair && point >= 0xD800 && point < 0xE000) point = 0xFFFD;
    const int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr std::uint8_t kLead[] = {0x00, 0xC0, 0xE0, 0xF0};
    out.push_back(static_cast<std::uint8_t>(kLead[more] | point >> 6 * more));
    for (int left = more - 1; left >= 0; --left)
      out.push_back(static_cast<std::uint8_t>(0x80 | (point >> 6 * left & 0x3F)));
  }
  return out;
}

// The members lie at the same places for both widths.
template <class Identity>
SECURITY_STATUS read_password(const Identity& identity, Named& out) {
  const auto is_empty = [](const void* text, ULONG length) { return text == nullptr || length == 0; };
  out.of_user = is_empty(identity.User, identity.UserLength) && is_empty(identity.Domain, identity.DomainLength) &&
                is_empty(identity.Password, identity.PasswordLength);
  if (out.of_user) return SEC_E_OK;
  const bool wide = identity.Flags == SEC_WINNT_AUTH_IDENTITY_UNICODE;
  if (!wide && identity.Flags != SEC_WINNT_AUTH_IDENTITY_ANSI)
    return fail(SEC_E_UNKNOWN_CREDENTIALS, "Flags of SEC_WINNT_AUTH_IDENTITY is ANSI or UNICODE");
  std::string user(as_text(counted_text(identity.User, identity.UserLength, wide)));
  std::string domain(as_text(counted_text(identity.Domain, identity.DomainLength, wide)));
  if (const auto slash = user.find('\\'); slash != std::string::npos && domain.empty()) {
    domain = user.substr(0, slash);
    user.erase(0, slash + 1);
  }
  const auto at = user.rfind('@');
  const bool upn = at != std::string::npos && domain.empty();
  if (user.empty() || at == 0 || at == user.size() - 1 || (!upn && user.find_first_of("@\\") != std::string::npos))
    return fail(SEC_E_UNKNOWN_CREDENTIALS, "User of SEC_WINNT_AUTH_IDENTITY is alice, alice@SUFFIX or DOMAIN\\alice");
  out.realm = realm_of_domain(domain);
  if (out.realm.empty() && upn) {  // without a realm of our own, the suffix is the realm
    out.realm = user.substr(at + 1);
    user.erase(at);
  }
  if (out.realm.empty())
    return fail(SEC_E_NO_AUTHENTICATING_AUTHORITY, "no domain controller of \"" + domain + "\" tells its realm");
  out.user = std::move(user);
  out.by_password = true;
  out.password = counted_text(identity.Password, identity.PasswordLength, wide);
  return SEC_E_OK;
}

// Tells which structure pAuthData is. The versioned ones have their size after the version; SEC_WINNT_AUTH_IDENTITY has
// the high half of a pointer there, which is no small number.
SECURITY_STATUS read_auth_data(const void* data, ULONG use, Named& out) {
  out.of_user = data == nullptr;
  if (data == nullptr) return SEC_E_OK;
  ULONG head[2] = {};
  std::memcpy(head, data, sizeof head);
  const bool versioned =
      (head[0] == SHIM_KEYTAB_IDENTITY_VERSION || head[0] == SEC_WINNT_AUTH_IDENTITY_VERSION) && head[1] < 4096;
  if (versioned && head[1] < (head[0] == SHIM_KEYTAB_IDENTITY_VERSION ? sizeof(SHIM_KEYTAB_IDENTITY)
                                                                      : sizeof(SEC_WINNT_AUTH_IDENTITY_EXA)))
    return fail(SEC_E_UNKNOWN_CREDENTIALS, "the Length of pAuthData is not its structure's");
  if (versioned && head[0] == SHIM_KEYTAB_IDENTITY_VERSION) {
    const auto& identity = *static_cast<const SHIM_KEYTAB_IDENTITY*>(data);
    if (out.principal.empty()) out.principal = to_utf8(identity.Principal);
    out.keytab = to_utf8(identity.Keytab);
    out.ccache = to_utf8(identity.CCache);
    return SEC_E_OK;
  }
  if (use == SECPKG_CRED_INBOUND)
    return fail(SEC_E_UNKNOWN_CREDENTIALS, "a password is for credentials that are OUTBOUND too");
  if (versioned) return read_password(*static_cast<const SEC_WINNT_AUTH_IDENTITY_EXA*>(data), out);
  return read_password(*static_cast<const SEC_WINNT_AUTH_IDENTITY_A*>(data), out);
}

// The name of a user of `realm` for a Client of the realm `own`.
std::string user_of_realm(const std::string& user, const std::string& realm, const std::string& own) {
  const bool plain = user.find('@') == std::string::npos;
  return plain && !equal_ignoring_case(realm, own) ? realm + '\\' + user : user;
}

// Gets the user's TGT from a KDC of the configuration or of DNS, by the user's password. OUTBOUND needs no keytab. BOTH
// does: a ticket that it decrypts proves that the KDC is genuine.
SECURITY_STATUS acquire_by_password(Credentials& credentials, const Named& named) {
  std::string user_name = named.user;
  ClientPtr client;
  if (credentials.use == SECPKG_CRED_BOTH) {
    auto shared = client_for(credentials.options);
    if (!shared) return fail(SEC_E_NO_CREDENTIALS, to_string(shared.error()));
    client = std::move(*shared);
    const auto own = parse_principal(client->options.principal);
    if (own) user_name = user_of_realm(named.user, named.realm, own->realm);
  } else {
    client = keyless_client_for(credentials.options, named.realm);
  }
  auto user = wait_for_password(client, user_name, named.password);
  if (!user) return fail(user.error());
  credentials.user = std::make_shared<const Token>(Token{client, std::move(*user)});
  return SEC_E_OK;
}

// By the tickets of the user who runs the program. The TGT is used with our own exchanges, whose KDCs are those of the
// configuration; a ccache without one is for GSSAPI.
void use_ccache(Credentials& credentials, UserCcache found) {
  if (!found.tgt) {
    credentials.ccache = std::move(found.name);
    credentials.end_time = found.end_time;
    credentials.options.principal = to_string(found.user);
    return;
  }
  const ClientPtr client = keyless_client_for(credentials.options, found.user.realm);
  credentials.user = std::make_shared<const Token>(Token{client, identity_by_tgt(std::move(found.tgt), Trace())});
}

// OUTBOUND without a password: the token that the thread impersonates, the user's ccache, or the keytab.
SECURITY_STATUS acquire_outbound(Credentials& credentials, const Named& named, const void* auth_data) {
  if (auth_data == nullptr) credentials.user = impersonated();
  if (credentials.user) return SEC_E_OK;
  std::string no_ccache;
  if (named.of_user && credentials.use == SECPKG_CRED_OUTBOUND) {
    auto found = find_user_ccache(named.principal);
    if (found) {
      use_ccache(credentials, std::move(*found));
      return SEC_E_OK;
    }
    no_ccache = to_string(found.error()) + "; ";
  }
  if (!credentials.ccache.empty()) return SEC_E_OK;
  const auto client = client_for(credentials.options);
  return client ? SEC_E_OK : fail(SEC_E_NO_CREDENTIALS, no_ccache + to_string(client.error()));
}

Checked<std::shared_ptr<const GssAcceptor>> open_acceptor(const Credentials& credentials) {
  const ClientOptions& options = credentials.options;
  GssAcceptor::Options wanted{.keytab = options.keytab, .services = {}, .allow_rc4 = options.allow_rc4};
  if (credentials.named) {
    const auto service = parse_principal(options.principal);
    if (!service) return Problem{.message = "\"" + options.principal + "\" is no principal"};
    const auto keys = read_keys_of(options.keytab, *service);
    if (!keys) return keys.error();
    wanted.services = {*service};
  } else if (const auto entries = read_keytab(options.keytab); !entries) {
    return entries.error();
  }
  return GssAcceptor::open(std::move(wanted));
}

SECURITY_STATUS acquire(std::string principal, const std::string& package, ULONG use, const void* auth_data,
                        PCredHandle handle, PTimeStamp expiry) {
  if (handle == nullptr || use < SECPKG_CRED_INBOUND || use > SECPKG_CRED_BOTH)
    return fail(SEC_E_INVALID_PARAMETER,
                "fCredentialUse is INBOUND, OUTBOUND or BOTH, and there must be a place for the handle");
  auto credentials = std::make_shared<Credentials>();
  credentials->use = use;
  credentials->negotiate = equal_ignoring_case(package, "Negotiate");
  if (!credentials->negotiate && !equal_ignoring_case(package, "Kerberos"))
    return fail(SEC_E_SECPKG_NOT_FOUND, "there is no package \"" + package + "\": ask for Negotiate or Kerberos");
  Named named;
  named.principal = std::move(principal);
  if (const SECURITY_STATUS status = read_auth_data(auth_data, use, named); status != SEC_E_OK) return status;
  credentials->named = !named.principal.empty();
  credentials->options = configured(named.principal, named.keytab);
  credentials->ccache = named.ccache;
  if (named.by_password) {
    if (const SECURITY_STATUS status = acquire_by_password(*credentials, named); status != SEC_E_OK) return status;
  }
  if ((use & SECPKG_CRED_INBOUND) != 0) {
    auto acceptor = open_acceptor(*credentials);
    if (!acceptor) return fail(SEC_E_NO_CREDENTIALS, to_string(acceptor.error()));
    credentials->acceptor = std::move(*acceptor);
  }
  if ((use & SECPKG_CRED_OUTBOUND) != 0 && !named.by_password) {
    if (const SECURITY_STATUS status = acquire_outbound(*credentials, named, auth_data); status != SEC_E_OK)
      return status;
  }
  if (credentials->user) credentials->end_time = credentials->user->identity.end_time();
  if (expiry != nullptr) *expiry = credentials->end_time ? to_time_stamp(*credentials->end_time) : never();
  *handle = credentials_table().to_handle(credentials_table().insert(std::move(credentials)));
  return SEC_E_OK;
}

template <class Names, class Char>
SECURITY_STATUS query(const SecHandle* handle, ULONG attribute, void* buffer) {
  const auto credentials = find_credentials(handle);
  if (!credentials) return invalid_handle();
  if (attribute != SECPKG_CRED_ATTR_NAMES)
    return fail(SEC_E_UNSUPPORTED_FUNCTION, "credentials have the attribute NAMES alone");
  if (buffer == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no buffer");
  std::string name = credentials->user ? credentials->user->identity.principal() : credentials->options.principal;
  if (name.empty()) {
    const auto entries = read_keytab(credentials->options.keytab);
    if (!entries) return fail(SEC_E_NO_CREDENTIALS, to_string(entries.error()));
    if (entries->empty()) return fail(SEC_E_NO_CREDENTIALS, "the keytab is empty");
    name = to_string(entries->front().principal);
  }
  static_cast<Names*>(buffer)->sUserName = give_text<Char>(name);
  return SEC_E_OK;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS AcquireCredentialsHandleA(SEC_CHAR* principal, SEC_CHAR* package, ULONG use, void*,
                                                     void* auth_data, SEC_GET_KEY_FN, void*, PCredHandle credential,
                                                     PTimeStamp expiry) noexcept try {
  const stead::ForkGate at_work;
  return acquire(to_utf8(principal), to_utf8(package), use, auth_data, credential, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS AcquireCredentialsHandleW(SEC_WCHAR* principal, SEC_WCHAR* package, ULONG use, void*,
                                                     void* auth_data, SEC_GET_KEY_FN, void*, PCredHandle credential,
                                                     PTimeStamp expiry) noexcept try {
  const stead::ForkGate at_work;
  return acquire(to_utf8(principal), to_utf8(package), use, auth_data, credential, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS FreeCredentialsHandle(PCredHandle credential) noexcept try {
  const stead::ForkGate at_work;
  return credentials_table().erase(credentials_table().to_id(credential)) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QueryCredentialsAttributesA(PCredHandle credential, ULONG attribute, void* buffer) noexcept
    try {
  const stead::ForkGate at_work;
  return query<SecPkgCredentials_NamesA, char>(credential, attribute, buffer);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QueryCredentialsAttributesW(PCredHandle credential, ULONG attribute, void* buffer) noexcept
    try {
  const stead::ForkGate at_work;
  return query<SecPkgCredentials_NamesW, char16_t>(credential, attribute, buffer);
} catch (...) {
  return caught();
}
