#include "sspi_shim/sspi/packages.h"
#include "sspi_shim/base/process/fork_gate.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/error.h"

namespace stead::sspi {
namespace {

struct Package {
  const char *name, *comment;
  USHORT rpc_id;
};
constexpr Package kPackages[] = {{"Negotiate", "Kerberos within SPNEGO (RFC 4178)", RPC_C_AUTHN_GSS_NEGOTIATE},
                                 {"Kerberos", "Kerberos 5 (RFC 4121)", RPC_C_AUTHN_GSS_KERBEROS}};
constexpr ULONG kCapabilities = SECPKG_FLAG_INTEGRITY | SECPKG_FLAG_PRIVACY | SECPKG_FLAG_CONNECTION |
                                SECPKG_FLAG_MULTI_REQUIRED | SECPKG_FLAG_IMPERSONATION | SECPKG_FLAG_ACCEPT_WIN32_NAME |
                                SECPKG_FLAG_NEGOTIABLE | SECPKG_FLAG_GSS_COMPATIBLE | SECPKG_FLAG_MUTUAL_AUTH;

template <class Info>
using CharOf = std::remove_pointer_t<decltype(Info::Name)>;

template <class Info>
Info* give(const Package* first, std::size_t count) {
  Block<Info, CharOf<Info>> block(count);
  std::vector<Info> items;
  for (std::size_t i = 0; i < count; ++i) {
    Info info{};
    info.fCapabilities = kCapabilities;
    info.wVersion = SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION;
    info.wRPCID = first[i].rpc_id;
    info.cbMaxToken = kMaxToken;
    items.push_back(info);
    block.text(i, &Info::Name, first[i].name);
    block.text(i, &Info::Comment, first[i].comment);
  }
  return block.give(items);
}

template <class Info>
SECURITY_STATUS enumerate(ULONG* count, Info** out) {
  if (count == nullptr || out == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the packages");
  *out = give<Info>(kPackages, std::size(kPackages));
  *count = static_cast<ULONG>(std::size(kPackages));
  return SEC_E_OK;
}

template <class Info>
SECURITY_STATUS query(const std::string& name, Info** out) {
  if (out == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the package");
  *out = give_package<Info>(name);
  return *out != nullptr ? SEC_E_OK : fail(SEC_E_SECPKG_NOT_FOUND, "there is no package \"" + name + "\"");
}

}  // namespace

template <class Info>
Info* give_package(std::string_view name) {
  for (const Package& package : kPackages) {
    if (equal_ignoring_case(package.name, name)) return give<Info>(&package, 1);
  }
  return nullptr;
}
template SecPkgInfoA* give_package<SecPkgInfoA>(std::string_view);
template SecPkgInfoW* give_package<SecPkgInfoW>(std::string_view);

}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS EnumerateSecurityPackagesA(PULONG count, PSecPkgInfoA* packages) noexcept try {
  const stead::ForkGate at_work;
  return enumerate(count, packages);
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS EnumerateSecurityPackagesW(PULONG count, PSecPkgInfoW* packages) noexcept try {
  const stead::ForkGate at_work;
  return enumerate(count, packages);
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS QuerySecurityPackageInfoA(SEC_CHAR* name, PSecPkgInfoA* package) noexcept try {
  const stead::ForkGate at_work;
  return query(to_utf8(name), package);
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS QuerySecurityPackageInfoW(SEC_WCHAR* name, PSecPkgInfoW* package) noexcept try {
  const stead::ForkGate at_work;
  return query(to_utf8(name), package);
} catch (...) {
  return caught();
}

extern "C" PSecurityFunctionTableA InitSecurityInterfaceA() noexcept {
  static SecurityFunctionTableA table{SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION,
                                      EnumerateSecurityPackagesA,
                                      QueryCredentialsAttributesA,
                                      AcquireCredentialsHandleA,
                                      FreeCredentialsHandle,
                                      nullptr,
                                      InitializeSecurityContextA,
                                      AcceptSecurityContext,
                                      CompleteAuthToken,
                                      DeleteSecurityContext,
                                      nullptr,
                                      QueryContextAttributesA,
                                      ImpersonateSecurityContext,
                                      RevertSecurityContext,
                                      MakeSignature,
                                      VerifySignature,
                                      FreeContextBuffer,
                                      QuerySecurityPackageInfoA,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      QuerySecurityContextToken,
                                      EncryptMessage,
                                      DecryptMessage};
  return &table;
}
extern "C" PSecurityFunctionTableW InitSecurityInterfaceW() noexcept {
  static SecurityFunctionTableW table{SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION,
                                      EnumerateSecurityPackagesW,
                                      QueryCredentialsAttributesW,
                                      AcquireCredentialsHandleW,
                                      FreeCredentialsHandle,
                                      nullptr,
                                      InitializeSecurityContextW,
                                      AcceptSecurityContext,
                                      CompleteAuthToken,
                                      DeleteSecurityContext,
                                      nullptr,
                                      QueryContextAttributesW,
                                      ImpersonateSecurityContext,
                                      RevertSecurityContext,
                                      MakeSignature,
                                      VerifySignature,
                                      FreeContextBuffer,
                                      QuerySecurityPackageInfoW,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      QuerySecurityContextToken,
                                      EncryptMessage,
                                      DecryptMessage};
  return &table;
}
