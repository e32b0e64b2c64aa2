// LsaLogonUser: S4U2Self for a user by name or by certificate.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {
namespace {

constexpr ULONG kKerberosPackage = 2, kNegotiatePackage = 0;

NTSTATUS note(NTSTATUS status, SECURITY_STATUS detail, std::string text) {
  fail(detail, std::move(text));
  return status;
}
NTSTATUS invalid_parameter(std::string text) {
  return note(STATUS_INVALID_PARAMETER, SEC_E_INVALID_PARAMETER, std::move(text));
}

// True if [data, data + size) lies within the caller's block.
bool is_within(const void* data, std::size_t size, const void* block, std::size_t block_size) {
  const auto at = reinterpret_cast<std::uintptr_t>(data), start = reinterpret_cast<std::uintptr_t>(block);
  return size == 0 || (at >= start && at - start <= block_size && size <= block_size - (at - start));
}

NTSTATUS connect(HANDLE* handle) {
  if (handle == nullptr) return invalid_parameter("there is no place for the handle");
  *handle = reinterpret_cast<HANDLE>(
      static_cast<std::uintptr_t>(lsa_connections().insert(std::make_shared<const LsaConnection>())));
  return STATUS_SUCCESS;
}

bool is_connected(HANDLE handle) {
  return lsa_connections().find(reinterpret_cast<std::uintptr_t>(handle)) != nullptr;
}

// The name for Client::user.
std::string user_name(std::string upn, const std::string& realm) {
  if (realm.empty() || upn.find('@') != std::string::npos || upn.find('\\') != std::string::npos) return upn;
  return upn + "@" + realm;
}

LogonHours logon_hours(ULONG flags, ULONG check) {
  return (flags & check) != 0 ? LogonHours::checked : LogonHours::ignored;
}

// A status: the block of `information` is malformed, and no KDC was asked.
std::variant<NTSTATUS, Outcome<Identity>> log_on(const ClientPtr& client, const void* information, ULONG size) {
  ULONG type = 0;
  if (information != nullptr && size >= sizeof type) std::memcpy(&type, information, sizeof type);
  if (type == KerbS4ULogon && size >= sizeof(KERB_S4U_LOGON)) {
    const auto& logon = *static_cast<const KERB_S4U_LOGON*>(information);
    if (!is_within(logon.ClientUpn.Buffer, logon.ClientUpn.Length, information, size) ||
        !is_within(logon.ClientRealm.Buffer, logon.ClientRealm.Length, information, size)) {
      return invalid_parameter("the strings of KERB_S4U_LOGON must lie in its block");
    }
    return wait_for_user(client, user_name(to_utf8(logon.ClientUpn), to_utf8(logon.ClientRealm)),
                         logon_hours(logon.Flags, KERB_S4U_LOGON_FLAG_CHECK_LOGONHOURS));
  }
  if (type == KerbCertificateS4ULogon && size >= sizeof(KERB_CERTIFICATE_S4U_LOGON)) {
    const auto& logon = *static_cast<const KERB_CERTIFICATE_S4U_LOGON*>(information);
    if (!is_within(logon.Certificate, logon.CertificateLength, information, size) || logon.CertificateLength == 0 ||
        !is_within(logon.UserPrincipalName.Buffer, logon.UserPrincipalName.Length, information, size) ||
        !is_within(logon.DomainName.Buffer, logon.DomainName.Length, information, size)) {
      return invalid_parameter("the certificate and the strings of KERB_CERTIFICATE_S4U_LOGON must lie in its block");
    }
    if ((logon.Flags & KERB_CERTIFICATE_S4U_LOGON_FLAG_FAIL_IF_NT_AUTH_POLICY_REQUIRED) != 0) {
      return note(STATUS_NOT_SUPPORTED, SEC_E_UNSUPPORTED_FUNCTION, "a certificate is taken without the NTAuth check");
    }
    CertificateHints hints;
    hints.name = to_utf8(logon.UserPrincipalName);
    hints.domain = to_utf8(logon.DomainName);
    hints.unique = (logon.Flags & KERB_CERTIFICATE_S4U_LOGON_FLAG_CHECK_DUPLICATES) != 0;
    return wait_for_user(client, {}, logon_hours(logon.Flags, KERB_CERTIFICATE_S4U_LOGON_FLAG_CHECK_LOGONHOURS),
                         {logon.Certificate, logon.Certificate + logon.CertificateLength}, std::move(hints));
  }
  return invalid_parameter("only KERB_S4U_LOGON and KERB_CERTIFICATE_S4U_LOGON are known, and they must be whole");
}

LUID next_logon_id() {
  static std::atomic<std::uint64_t> last{1000};
  const std::uint64_t id = ++last;
  return {static_cast<ULONG>(id), static_cast<LONG>(id >> 32)};
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" NTSTATUS LsaRegisterLogonProcess(PLSA_STRING, PHANDLE handle, PLSA_OPERATIONAL_MODE mode) noexcept try {
  const stead::ForkGate at_work;
  if (mode != nullptr) *mode = 0;
  return connect(handle);
} catch (...) {
  caught();
  return STATUS_NO_MEMORY;
}

extern "C" NTSTATUS LsaConnectUntrusted(PHANDLE handle) noexcept try {
  const stead::ForkGate at_work;
  return connect(handle);
} catch (...) {
  caught();
  return STATUS_NO_MEMORY;
}

extern "C" NTSTATUS LsaDeregisterLogonProcess(HANDLE handle) noexcept try {
  const stead::ForkGate at_work;
  return lsa_connections().erase(reinterpret_cast<std::uintptr_t>(handle)) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
} catch (...) {
  caught();
  return STATUS_INTERNAL_ERROR;
}

extern "C" NTSTATUS LsaLookupAuthenticationPackage(HANDLE handle, PLSA_STRING name, PULONG package) noexcept try {
  const stead::ForkGate at_work;
  if (!is_connected(handle)) return note(STATUS_INVALID_HANDLE, SEC_E_INVALID_HANDLE, "the LSA handle is stale");
  if (name == nullptr || name->Buffer == nullptr || package == nullptr)
    return invalid_parameter("a package's name and a place for its number are needed");
  const std::string_view text(name->Buffer, name->Length);
  const bool kerberos = stead::equal_ignoring_case(text, MICROSOFT_KERBEROS_NAME_A);
  if (!kerberos && !stead::equal_ignoring_case(text, NEGOSSP_NAME_A))
    return note(STATUS_NO_SUCH_PACKAGE, SEC_E_SECPKG_NOT_FOUND, "there is no package \"" + std::string(text) + "\"");
  *package = kerberos ? kKerberosPackage : kNegotiatePackage;
  return STATUS_SUCCESS;
} catch (...) {
  caught();
  return STATUS_INTERNAL_ERROR;
}

extern "C" NTSTATUS LsaLogonUser(HANDLE handle, PLSA_STRING, SECURITY_LOGON_TYPE, ULONG package, PVOID information,
                                 ULONG size, PTOKEN_GROUPS, PTOKEN_SOURCE, PVOID* profile, PULONG profile_size,
                                 PLUID logon_id, PHANDLE token, PQUOTA_LIMITS quotas, PNTSTATUS sub_status) noexcept
    try {
  const stead::ForkGate at_work;
  if (profile != nullptr) *profile = nullptr;
  if (profile_size != nullptr) *profile_size = 0;
  if (sub_status != nullptr) *sub_status = STATUS_SUCCESS;
  if (quotas != nullptr) *quotas = {};
  if (!is_connected(handle)) return note(STATUS_INVALID_HANDLE, SEC_E_INVALID_HANDLE, "the LSA handle is stale");
  if (package != kKerberosPackage && package != kNegotiatePackage)
    return note(STATUS_NO_SUCH_PACKAGE, SEC_E_SECPKG_NOT_FOUND, "no such package");
  if (token == nullptr) return invalid_parameter("there is no place for the token");
  const auto client = client_for(configured({}, {}));
  if (!client) return note(STATUS_LOGON_FAILURE, SEC_E_NO_CREDENTIALS, to_string(client.error()));
  auto logged_on = log_on(*client, information, size);
  if (const auto* malformed = std::get_if<NTSTATUS>(&logged_on)) return *malformed;
  auto& identity = std::get<stead::Outcome<stead::Identity>>(logged_on);
  if (!identity) {
    if (sub_status != nullptr) *sub_status = static_cast<NTSTATUS>(identity.error().nt_status);
    return fail_logon(identity.error());
  }
  if (logon_id != nullptr) *logon_id = next_logon_id();
  *token = give_token(std::make_shared<const Token>(Token{*client, std::move(*identity)}));
  return STATUS_SUCCESS;
} catch (...) {
  caught();
  return STATUS_INTERNAL_ERROR;
}
