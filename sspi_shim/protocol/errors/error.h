#pragma once
// Result and the error categories of the protocol layer: malformed bytes (wire), Kerberos numbers (krb), NTSTATUS.
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// stead/result.h has the same lines: that header is installed, this one is not.
#ifndef STEAD_RESULT_DEFINED
#define STEAD_RESULT_DEFINED
namespace stead {
template <class T>
using Result = boost::system::result<T>;
using Error = boost::system::error_code;
}  // namespace stead
#endif

namespace stead {

// Why the bytes of a peer are malformed.
enum class WireErrc {
  truncated = 1,   // ends inside an element
  bad_length,      // indefinite, not minimal, or longer than the rest
  bad_tag,         // not the expected element
  bad_value,       // the expected element with a value out of range
  trailing_bytes,  // something after the end
  too_deep,        // nesting beyond the limit
  too_large,       // a count or size beyond the limit
  unsupported,     // well formed, of a version or kind that is not supported
  integrity,       // a checksum or a decryption fails
  wrong_key_type,  // key of another encryption type than the data
};
const boost::system::error_category& wire_category() noexcept;
inline Error make_error_code(WireErrc e) noexcept {
  return {static_cast<int>(e), wire_category()};
}

// Error numbers of RFC 4120 §7.5.9, RFC 6113 and MS-KILE. Enumerators keep the source's spelling.
enum class KrbErrc : std::int32_t {
  KDC_ERR_NONE = 0,
  KDC_ERR_NAME_EXP = 1,
  KDC_ERR_SERVICE_EXP = 2,
  KDC_ERR_BAD_PVNO = 3,
  KDC_ERR_C_OLD_MAST_KVNO = 4,
  KDC_ERR_S_OLD_MAST_KVNO = 5,
  KDC_ERR_C_PRINCIPAL_UNKNOWN = 6,
  KDC_ERR_S_PRINCIPAL_UNKNOWN = 7,
  KDC_ERR_PRINCIPAL_NOT_UNIQUE = 8,
  KDC_ERR_NULL_KEY = 9,
  KDC_ERR_CANNOT_POSTDATE = 10,
  KDC_ERR_NEVER_VALID = 11,
  KDC_ERR_POLICY = 12,
  KDC_ERR_BADOPTION = 13,
  KDC_ERR_ETYPE_NOSUPP = 14,
  KDC_ERR_SUMTYPE_NOSUPP = 15,
  KDC_ERR_PADATA_TYPE_NOSUPP = 16,
  KDC_ERR_TRTYPE_NOSUPP = 17,
  KDC_ERR_CLIENT_REVOKED = 18,
  KDC_ERR_SERVICE_REVOKED = 19,
  KDC_ERR_TGT_REVOKED = 20,
  KDC_ERR_CLIENT_NOTYET = 21,
  KDC_ERR_SERVICE_NOTYET = 22,
  KDC_ERR_KEY_EXPIRED = 23,
  KDC_ERR_PREAUTH_FAILED = 24,
  KDC_ERR_PREAUTH_REQUIRED = 25,
  KDC_ERR_SERVER_NOMATCH = 26,
  KDC_ERR_MUST_USE_USER2USER = 27,
  KDC_ERR_PATH_NOT_ACCEPTED = 28,
  KDC_ERR_SVC_UNAVAILABLE = 29,
  KRB_AP_ERR_BAD_INTEGRITY = 31,
  KRB_AP_ERR_TKT_EXPIRED = 32,
  KRB_AP_ERR_TKT_NYV = 33,
  KRB_AP_ERR_REPEAT = 34,
  KRB_AP_ERR_NOT_US = 35,
  KRB_AP_ERR_BADMATCH = 36,
  KRB_AP_ERR_SKEW = 37,
  KRB_AP_ERR_BADADDR = 38,
  KRB_AP_ERR_BADVERSION = 39,
  KRB_AP_ERR_MSG_TYPE = 40,
  KRB_AP_ERR_MODIFIED = 41,
  KRB_AP_ERR_BADORDER = 42,
  KRB_AP_ERR_BADKEYVER = 44,
  KRB_AP_ERR_NOKEY = 45,
  KRB_AP_ERR_MUT_FAIL = 46,
  KRB_AP_ERR_BADDIRECTION = 47,
  KRB_AP_ERR_METHOD = 48,
  KRB_AP_ERR_BADSEQ = 49,
  KRB_AP_ERR_INAPP_CKSUM = 50,
  KRB_AP_PATH_NOT_ACCEPTED = 51,
  KRB_ERR_RESPONSE_TOO_BIG = 52,
  KRB_ERR_GENERIC = 60,
  KRB_ERR_FIELD_TOOLONG = 61,
  KDC_ERROR_CLIENT_NOT_TRUSTED = 62,
  KDC_ERR_INVALID_SIG = 64,
  KDC_ERR_WRONG_REALM = 68,
  KDC_ERR_CANT_VERIFY_CERTIFICATE = 70,
  KDC_ERR_INVALID_CERTIFICATE = 71,
  KDC_ERR_PREAUTH_EXPIRED = 90,
  KDC_ERR_MORE_PREAUTH_DATA_REQUIRED = 91,
  KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS = 93,
};
const boost::system::error_category& krb_category() noexcept;
inline Error make_error_code(KrbErrc e) noexcept {
  return {static_cast<int>(e), krb_category()};
}

// NTSTATUS values that KDCs send in e-data or that Stead reports (MS-ERREF §2.3.1).
enum class NtStatus : std::uint32_t {
  STATUS_SUCCESS = 0,
  STATUS_INVALID_PARAMETER = 0xC000000D,
  STATUS_NO_LOGON_SERVERS = 0xC000005E,
  STATUS_NO_SUCH_USER = 0xC0000064,
  STATUS_WRONG_PASSWORD = 0xC000006A,
  STATUS_LOGON_FAILURE = 0xC000006D,
  STATUS_ACCOUNT_RESTRICTION = 0xC000006E,
  STATUS_INVALID_LOGON_HOURS = 0xC000006F,
  STATUS_INVALID_WORKSTATION = 0xC0000070,
  STATUS_PASSWORD_EXPIRED = 0xC0000071,
  STATUS_ACCOUNT_DISABLED = 0xC0000072,
  STATUS_NOT_SUPPORTED = 0xC00000BB,
  STATUS_TIME_DIFFERENCE_AT_DC = 0xC0000133,
  STATUS_NO_TRUST_SAM_ACCOUNT = 0xC000018B,
  STATUS_TRUSTED_DOMAIN_FAILURE = 0xC000018C,
  STATUS_ACCOUNT_EXPIRED = 0xC0000193,
  STATUS_DOMAIN_TRUST_INCONSISTENT = 0xC000019B,
  STATUS_PASSWORD_MUST_CHANGE = 0xC0000224,
  STATUS_NOT_FOUND = 0xC0000225,
  STATUS_ACCOUNT_LOCKED_OUT = 0xC0000234,
  STATUS_NO_MATCH = 0xC0000272,
  STATUS_KDC_INVALID_REQUEST = 0xC00002FB,
  STATUS_KDC_UNABLE_TO_REFER = 0xC00002FC,
  STATUS_KDC_UNKNOWN_ETYPE = 0xC00002FD,
  STATUS_NO_SECRETS = 0xC0000371,
  STATUS_NO_S4U_PROT_SUPPORT = 0xC000040A,
  STATUS_CROSSREALM_DELEGATION_FAILURE = 0xC000040B,
  STATUS_AUTHENTICATION_FIREWALL_FAILED = 0xC0000413,
};

// "KDC_ERR_BADOPTION"; a number without a name: "KRB_ERROR_99".
[[nodiscard]] std::string krb_error_name(std::int32_t code);
// "STATUS_NOT_FOUND"; a value without a name: "0xC0001234".
[[nodiscard]] std::string nt_status_name(std::uint32_t status);

}  // namespace stead

template <>
struct boost::system::is_error_code_enum<stead::WireErrc> : std::true_type {};
template <>
struct boost::system::is_error_code_enum<stead::KrbErrc> : std::true_type {};
