// Also implements security_status of stead/s4u.h, ShimGetLastErrorDetail and ShimGetLastErrorTrace.
#include "sspi_shim/sspi/error.h"

#include <krb5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/sspi/base/memory.h"

namespace stead::sspi {
namespace {

thread_local SHIM_ERROR_DETAIL last_error{};
thread_local std::optional<Trace> last_trace;  // of last_error; empty: no request was sent

template <std::size_t size>
void put(char (&field)[size], std::string_view text) {
  const std::size_t length = std::min(size - 1, text.size());
  text.copy(field, length);
  field[length] = '\0';
}

SHIM_ERROR_DETAIL detail_of(SECURITY_STATUS status, std::string_view text) {
  SHIM_ERROR_DETAIL detail{};
  detail.Size = sizeof detail;
  detail.Status = status;
  put(detail.Text, text);
  return detail;
}

SHIM_ERROR_DETAIL detail_of(const Failure& failure, SECURITY_STATUS status) {
  SHIM_ERROR_DETAIL detail = detail_of(status, failure.text);
  if (failure.error.category() == krb_category()) detail.KerberosError = failure.error.value();
  detail.NtStatus = static_cast<NTSTATUS>(failure.nt_status);
  detail.Attempts = static_cast<ULONG>(failure.trace.steps.size());
  if (!failure.trace.steps.empty()) {
    const TraceStep& step = failure.trace.steps.back();
    put(detail.Stage, step.exchange);
    put(detail.Realm, step.realm);
    put(detail.Controller, step.controller);
    put(detail.Address, step.address);
    put(detail.Level, step.level);
  }
  if (failure.trace.diagnosis) put(detail.Diagnosis, failure.trace.diagnosis->code);
  detail.Retryable = failure.retryable ? 1 : 0;
  detail.CacheableFor = static_cast<ULONG>(std::clamp<std::int64_t>(failure.cacheable_for.count(), 0, 0x7FFFFFFF));
  return detail;
}

bool is_krb(const Failure& failure, KrbErrc code) {
  return failure.error == make_error_code(code);
}

}  // namespace

SECURITY_STATUS status_of(const Failure& failure) {
  switch (static_cast<NtStatus>(failure.nt_status)) {
    case NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE:
      return SEC_E_CROSSREALM_DELEGATION_FAILURE;
    case NtStatus::STATUS_NO_S4U_PROT_SUPPORT:
      return SEC_E_NO_S4U_PROT_SUPPORT;
    case NtStatus::STATUS_KDC_UNABLE_TO_REFER:
      return SEC_E_KDC_UNABLE_TO_REFER;
    default:
      break;
  }
  switch (failure.kind) {
    case FailureKind::unreachable:
      return SEC_E_NO_AUTHENTICATING_AUTHORITY;
    case FailureKind::rejected:
      return SEC_E_ILLEGAL_MESSAGE;
    case FailureKind::unusable:
      return SEC_E_UNKNOWN_CREDENTIALS;
    case FailureKind::cancelled:
      return SEC_E_INTERNAL_ERROR;
    case FailureKind::refused:
      break;
  }
  if (failure.error.category() != krb_category()) return SEC_E_NO_AUTHENTICATING_AUTHORITY;
  switch (static_cast<KrbErrc>(failure.error.value())) {
    case KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN:
      return SEC_E_TARGET_UNKNOWN;
    case KrbErrc::KDC_ERR_BADOPTION:
    case KrbErrc::KDC_ERR_POLICY:
      return SEC_E_DELEGATION_POLICY;
    case KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE:
      return SEC_E_MULTIPLE_ACCOUNTS;
    case KrbErrc::KDC_ERR_ETYPE_NOSUPP:
      return SEC_E_KDC_UNKNOWN_ETYPE;
    case KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP:
      return SEC_E_NO_S4U_PROT_SUPPORT;
    case KrbErrc::KRB_AP_ERR_SKEW:
      return SEC_E_TIME_SKEW;
    default:
      return SEC_E_LOGON_DENIED;
  }
}

NTSTATUS nt_status_of(const Failure& failure) {
  if (failure.nt_status != 0) return static_cast<NTSTATUS>(failure.nt_status);
  if (failure.kind == FailureKind::unreachable) return STATUS_NO_LOGON_SERVERS;
  if (failure.kind == FailureKind::unusable) return STATUS_INVALID_PARAMETER;
  if (is_krb(failure, KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN)) return STATUS_NO_SUCH_USER;
  if (is_krb(failure, KrbErrc::KDC_ERR_CLIENT_REVOKED)) return STATUS_ACCOUNT_DISABLED;
  if (is_krb(failure, KrbErrc::KDC_ERR_POLICY) || is_krb(failure, KrbErrc::KDC_ERR_BADOPTION))
    return STATUS_ACCOUNT_RESTRICTION;
  return STATUS_LOGON_FAILURE;
}

SECURITY_STATUS status_of(OM_uint32 major, OM_uint32 minor) {
  switch (static_cast<krb5_error_code>(minor)) {
    case KRB5KRB_AP_ERR_SKEW:
      return SEC_E_TIME_SKEW;
    case KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN:
      return SEC_E_TARGET_UNKNOWN;
    case KRB5_KDC_UNREACH:
    case KRB5_REALM_UNKNOWN:
      return SEC_E_NO_AUTHENTICATING_AUTHORITY;
    case KRB5KRB_AP_ERR_MUT_FAIL:
      return SEC_E_MUTUAL_AUTH_FAILED;
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
    case KRB5KDC_ERR_CLIENT_REVOKED:
    case KRB5KDC_ERR_KEY_EXP:
      return SEC_E_LOGON_DENIED;
    default:
      break;
  }
  switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_BAD_BINDINGS:
      return SEC_E_BAD_BINDINGS;
    case GSS_S_BAD_SIG:
      return SEC_E_MESSAGE_ALTERED;
    case GSS_S_NO_CRED:
    case GSS_S_DEFECTIVE_CREDENTIAL:
      return SEC_E_NO_CREDENTIALS;
    case GSS_S_NO_CONTEXT:
      return SEC_E_NO_CONTEXT;
    case GSS_S_DEFECTIVE_TOKEN:
    case GSS_S_BAD_MECH:
      return SEC_E_INVALID_TOKEN;
    case GSS_S_CREDENTIALS_EXPIRED:
    case GSS_S_CONTEXT_EXPIRED:
      return SEC_E_CONTEXT_EXPIRED;
    case GSS_S_BAD_NAME:
      return SEC_E_TARGET_UNKNOWN;
    case GSS_S_BAD_QOP:
      return SEC_E_QOP_NOT_SUPPORTED;
    default:
      break;
  }
  if ((major & (GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN | GSS_S_UNSEQ_TOKEN | GSS_S_GAP_TOKEN)) != 0)
    return SEC_E_OUT_OF_SEQUENCE;
  return SEC_E_LOGON_DENIED;
}

SECURITY_STATUS fail(SECURITY_STATUS status, std::string text) {
  last_error = detail_of(status, text);
  last_trace.reset();
  return status;
}

SECURITY_STATUS fail(const Failure& failure) {
  const SECURITY_STATUS status = status_of(failure);
  last_error = detail_of(failure, status);
  last_trace = failure.trace;
  return status;
}

NTSTATUS fail_logon(const Failure& failure) {
  fail(failure);
  return nt_status_of(failure);
}

SECURITY_STATUS fail(const char* what, OM_uint32 major, OM_uint32 minor) {
  return fail(status_of(major, minor), std::string(what) + ": " + gss_message(major, minor));
}

SECURITY_STATUS invalid_handle() {
  return fail(SEC_E_INVALID_HANDLE, "the handle is stale, was freed already or is of another kind");
}

SECURITY_STATUS caught() noexcept {
  last_trace.reset();
  try {
    throw;
  } catch (const std::bad_alloc&) {
    last_error = detail_of(SEC_E_INSUFFICIENT_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    last_error = detail_of(SEC_E_INTERNAL_ERROR, error.what());
  } catch (...) {
    last_error = detail_of(SEC_E_INTERNAL_ERROR, "an exception of unknown kind");
  }
  return last_error.Status;
}

std::optional<std::string> last_failure_trace() {
  return last_trace ? std::optional(to_json(*last_trace)) : std::nullopt;
}

}  // namespace stead::sspi

std::int32_t stead::v0::security_status(const Failure& failure) {
  return sspi::status_of(failure);
}

extern "C" SECURITY_STATUS ShimGetLastErrorDetail(PSHIM_ERROR_DETAIL detail) noexcept {
  using stead::sspi::last_error;
  if (detail == nullptr || detail->Size < 2 * sizeof(ULONG)) return SEC_E_INVALID_PARAMETER;
  const auto size =
      std::min<std::size_t>(detail->Size, sizeof last_error);  // a caller of an older version has a shorter one
  std::memcpy(detail, &last_error, size);
  detail->Size = static_cast<ULONG>(size);
  return SEC_E_OK;
}

extern "C" SECURITY_STATUS ShimGetLastErrorTrace(char** json) noexcept try {
  if (json == nullptr) return SEC_E_INVALID_PARAMETER;
  const auto text = stead::sspi::last_failure_trace();
  *json = text ? stead::sspi::give_text<char>(*text) : nullptr;
  return SEC_E_OK;
} catch (...) {
  return SEC_E_INSUFFICIENT_MEMORY;
}
