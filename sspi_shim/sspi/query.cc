// QueryContextAttributes.
#include <gssapi/gssapi_ext.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/context_state.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/messages.h"
#include "sspi_shim/sspi/objects.h"
#include "sspi_shim/sspi/packages.h"
#include "sspi_shim/sspi/user_name.h"

namespace stead::sspi {
namespace {

// The attributes' structures in UTF-8 and in UTF-16.
struct Ansi {
  using Char = char;
  using Names = SecPkgContext_NamesA;
  using NativeNames = SecPkgContext_NativeNamesA;
  using PackageInfo = SecPkgContext_PackageInfoA;
  using NegotiationInfo = SecPkgContext_NegotiationInfoA;
  using Package = SecPkgInfoA;
};
struct Wide {
  using Char = char16_t;
  using Names = SecPkgContext_NamesW;
  using NativeNames = SecPkgContext_NativeNamesW;
  using PackageInfo = SecPkgContext_PackageInfoW;
  using NegotiationInfo = SecPkgContext_NegotiationInfoW;
  using Package = SecPkgInfoW;
};

SECURITY_STATUS session_key(const Context& context, void* buffer) {
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  OM_uint32 minor = 0;
  gss_OID_desc inquiry = session_key_inquiry();
  const OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, context.gss.value, &inquiry, &set);
  if (GSS_ERROR(major)) return fail("the session key", major, minor);
  auto* out = static_cast<SecPkgContext_SessionKey*>(buffer);
  const bool there = set != GSS_C_NO_BUFFER_SET && set->count > 0;
  if (there) {
    const auto* key = static_cast<const UCHAR*>(set->elements[0].value);
    out->SessionKeyLength = static_cast<ULONG>(set->elements[0].length);
    out->SessionKey = static_cast<PUCHAR>(allocate(set->elements[0].length));
    std::copy(key, key + set->elements[0].length, out->SessionKey);
    wipe(set->elements[0].value, set->elements[0].length);
  }
  gss_release_buffer_set(&minor, &set);
  return there ? SEC_E_OK : fail(SEC_E_NO_CONTEXT, "the context has no session key");
}

SECURITY_STATUS target(const Context& context, void* buffer) {
  auto* out = static_cast<SecPkgContext_Target*>(buffer);
  out->Target = give_text<char>(context.target_text);
  out->TargetLength = static_cast<ULONG>(context.target_text.size());
  return SEC_E_OK;
}

// Attributes that a context has before it is complete.
template <class Alphabet>
std::optional<SECURITY_STATUS> query_early(const Context& context, ULONG attribute, void* buffer) {
  using Char = typename Alphabet::Char;
  switch (attribute) {
    case SECPKG_ATTR_SIZES: {
      auto* sizes = static_cast<SecPkgContext_Sizes*>(buffer);
      *sizes = {kMaxToken, 0, 0, 0};
      if (context.complete) message_sizes(context, *sizes);
      return SEC_E_OK;
    }
    case SECPKG_ATTR_PACKAGE_INFO:
      static_cast<typename Alphabet::PackageInfo*>(buffer)->PackageInfo =
          give_package<typename Alphabet::Package>(context.credentials->negotiate ? "Negotiate" : "Kerberos");
      return SEC_E_OK;
    case SECPKG_ATTR_NEGOTIATION_INFO: {
      auto* info = static_cast<typename Alphabet::NegotiationInfo*>(buffer);
      info->PackageInfo = give_package<typename Alphabet::Package>("Kerberos");
      info->NegotiationState = context.complete ? SECPKG_NEGOTIATION_COMPLETE : SECPKG_NEGOTIATION_IN_PROGRESS;
      return SEC_E_OK;
    }
    case SECPKG_ATTR_TARGET:
      return target(context, buffer);
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
      static_cast<SecPkgContext_ClientSpecifiedTarget*>(buffer)->sTargetName = give_text<char16_t>(context.target_text);
      return SEC_E_OK;
    case SECPKG_ATTR_NATIVE_NAMES: {
      auto* names = static_cast<typename Alphabet::NativeNames*>(buffer);
      names->sClientName = give_text<Char>(context.client_name);
      names->sServerName = give_text<Char>(context.service_name);
      return SEC_E_OK;
    }
    default:
      return std::nullopt;
  }
}

template <class Alphabet>
SECURITY_STATUS query(const SecHandle* handle, ULONG attribute, void* buffer) {
  const auto context = find_context(handle);
  if (!context) return invalid_handle();
  if (buffer == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no buffer");
  const std::lock_guard lock(context->mutex);
  if (const auto status = query_early<Alphabet>(*context, attribute, buffer)) return *status;
  const auto unfinished = [] { return fail(SEC_E_INVALID_HANDLE, "the context is not complete yet"); };
  switch (attribute) {
    case SECPKG_ATTR_NAMES:
      if (!context->complete) return unfinished();
      static_cast<typename Alphabet::Names*>(buffer)->sUserName =
          give_text<typename Alphabet::Char>(windows_name_of_client(*context));
      return SEC_E_OK;
    case SECPKG_ATTR_LIFESPAN:
      if (!context->complete) return unfinished();
      *static_cast<SecPkgContext_Lifespan*>(buffer) = {to_time_stamp(context->start),
                                                       context->expiry ? to_time_stamp(*context->expiry) : never()};
      return SEC_E_OK;
    case SECPKG_ATTR_SESSION_KEY:
      return context->complete ? session_key(*context, buffer) : unfinished();
    case SECPKG_ATTR_FLAGS:
      static_cast<SecPkgContext_Flags*>(buffer)->Flags = flags_of(*context);
      return SEC_E_OK;
    case SECPKG_ATTR_ACCESS_TOKEN: {
      const Status<TokenPtr> token = token_of(*context);
      if (!token) return token.error();
      static_cast<SecPkgContext_AccessToken*>(buffer)->AccessToken = give_token(*token);
      return SEC_E_OK;
    }
    default:
      return fail(SEC_E_UNSUPPORTED_FUNCTION, "contexts have no attribute " + std::to_string(attribute));
  }
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS QueryContextAttributesA(PCtxtHandle context, ULONG attribute, void* buffer) noexcept try {
  const stead::ForkGate at_work;
  return query<Ansi>(context, attribute, buffer);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QueryContextAttributesW(PCtxtHandle context, ULONG attribute, void* buffer) noexcept try {
  const stead::ForkGate at_work;
  return query<Wide>(context, attribute, buffer);
} catch (...) {
  return caught();
}
