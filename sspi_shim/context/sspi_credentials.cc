// AcquireCredentialsHandle and what goes with it.
#include "sspi_shim/context/keytab.h"
#include "sspi_shim/context/sspi_error.h"
#include "sspi_shim/context/sspi_memory.h"
#include "sspi_shim/context/sspi_objects.h"

namespace stead::sspi {
namespace {

struct Named {
  std::string principal, keytab, ccache;
};

SECURITY_STATUS read_auth_data(const void* data, Named& out) {
  const auto* identity = static_cast<const SHIM_KEYTAB_IDENTITY*>(data);
  if (identity == nullptr) return SEC_E_OK;
  if (identity->Version != SHIM_KEYTAB_IDENTITY_VERSION || identity->Length < sizeof *identity)
    return fail(SEC_E_UNKNOWN_CREDENTIALS, "pAuthData is no SHIM_KEYTAB_IDENTITY: passwords are not taken here");
  if (out.principal.empty()) out.principal = to_utf8(identity->Principal);
  out.keytab = to_utf8(identity->Keytab);
  out.ccache = to_utf8(identity->CCache);
  return SEC_E_OK;
}

SECURITY_STATUS acquire(std::string principal, const std::string& package, ULONG use, const void* auth_data, PCredHandle handle,
                        PTimeStamp expiry) {
  if (handle == nullptr || use < SECPKG_CRED_INBOUND || use > SECPKG_CRED_BOTH)
    return fail(SEC_E_INVALID_PARAMETER, "fCredentialUse is INBOUND, OUTBOUND or BOTH, and there must be a place for the handle");
  auto credentials = std::make_shared<Credentials>();
  credentials->use = use;
  credentials->negotiate = equal_ignoring_case(package, "Negotiate");
  if (!credentials->negotiate && !equal_ignoring_case(package, "Kerberos"))
    return fail(SEC_E_SECPKG_NOT_FOUND, "there is no package \"" + package + "\": ask for Negotiate or Kerberos");
  Named named{std::move(principal), {}, {}};
  if (const SECURITY_STATUS status = read_auth_data(auth_data, named); status != SEC_E_OK) return status;
  credentials->named = !named.principal.empty();
  credentials->options = configured(named.principal, named.keytab);
  credentials->ccache = named.ccache;
  if ((use & SECPKG_CRED_INBOUND) != 0) {
    std::string message;
    const auto entries = read_keytab(credentials->options.keytab, message);
    if (!entries) return fail(SEC_E_NO_CREDENTIALS, message);
    if (credentials->named) {
      const auto service = parse_principal(credentials->options.principal);
      if (!service || !read_keys_of(credentials->options.keytab, *service, message))
        return fail(SEC_E_NO_CREDENTIALS, service ? message : "\"" + credentials->options.principal + "\" is no principal");
    }
    if (!acquire_acceptor(credentials->options.keytab, credentials->acceptor, message)) return fail(SEC_E_NO_CREDENTIALS, message);
  }
  if ((use & SECPKG_CRED_OUTBOUND) != 0 && auth_data == nullptr) credentials->user = impersonated();
  if (expiry != nullptr) *expiry = credentials->user ? to_time_stamp(credentials->user->identity.end_time()) : never();
  *handle = credentials_table().to_handle(credentials_table().insert(std::move(credentials)));
  return SEC_E_OK;
}

template <class Names, class Char>
SECURITY_STATUS query(const SecHandle* handle, ULONG attribute, void* buffer) {
  const auto credentials = find_credentials(handle);
  if (!credentials) return invalid_handle();
  if (attribute != SECPKG_CRED_ATTR_NAMES) return fail(SEC_E_UNSUPPORTED_FUNCTION, "credentials have the attribute NAMES alone");
  if (buffer == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no buffer");
  std::string name = credentials->user ? credentials->user->identity.principal() : credentials->options.principal;
  std::string message;
  if (name.empty()) {
    const auto entries = read_keytab(credentials->options.keytab, message);
    if (!entries || entries->empty()) return fail(SEC_E_NO_CREDENTIALS, entries ? "the keytab is empty" : message);
    name = to_string(entries->front().principal);
  }
  static_cast<Names*>(buffer)->sUserName = give_text<Char>(name);
  return SEC_E_OK;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS AcquireCredentialsHandleA(SEC_CHAR* principal, SEC_CHAR* package, ULONG use, void*, void* auth_data, SEC_GET_KEY_FN,
                                                     void*, PCredHandle credential, PTimeStamp expiry) noexcept try {
  return acquire(to_utf8(principal), to_utf8(package), use, auth_data, credential, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS AcquireCredentialsHandleW(SEC_WCHAR* principal, SEC_WCHAR* package, ULONG use, void*, void* auth_data, SEC_GET_KEY_FN,
                                                     void*, PCredHandle credential, PTimeStamp expiry) noexcept try {
  return acquire(to_utf8(principal), to_utf8(package), use, auth_data, credential, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS FreeCredentialsHandle(PCredHandle credential) noexcept try {
  return credentials_table().erase(credentials_table().to_id(credential)) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QueryCredentialsAttributesA(PCredHandle credential, ULONG attribute, void* buffer) noexcept try {
  return query<SecPkgCredentials_NamesA, char>(credential, attribute, buffer);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QueryCredentialsAttributesW(PCredHandle credential, ULONG attribute, void* buffer) noexcept try {
  return query<SecPkgCredentials_NamesW, char16_t>(credential, attribute, buffer);
} catch (...) {
  return caught();
}
