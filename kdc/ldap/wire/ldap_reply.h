#pragma once
// LDAP replies (RFC 4511 §4.1.9): values in, bytes out.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/ldap/wire/ldap_request.h"

namespace stead::kdc {

// RFC 4511 appendix A.
enum class LdapCode {
  success = 0,
  operations_error = 1,
  protocol_error = 2,
  time_limit_exceeded = 3,
  size_limit_exceeded = 4,
  compare_false = 5,
  compare_true = 6,
  auth_method_not_supported = 7,
  stronger_auth_required = 8,
  referral = 10,
  unavailable_critical_extension = 12,
  confidentiality_required = 13,
  sasl_bind_in_progress = 14,
  no_such_attribute = 16,
  constraint_violation = 19,
  attribute_or_value_exists = 20,
  invalid_attribute_syntax = 21,
  no_such_object = 32,
  invalid_dn_syntax = 34,
  invalid_credentials = 49,
  insufficient_access_rights = 50,
  busy = 51,
  unavailable = 52,
  unwilling_to_perform = 53,
  naming_violation = 64,
  object_class_violation = 65,
  not_allowed_on_non_leaf = 66,
  entry_already_exists = 68,
};

struct LdapResult {
  LdapCode code = LdapCode::success;
  std::string message;
  std::string matched_dn = {};
  std::vector<std::string> referral = {};  // URLs
  [[nodiscard]] bool ok() const { return code == LdapCode::success; }
};

struct EntryAttribute {
  std::string name;
  std::vector<Buffer> values;
};
struct SearchEntry {
  std::string dn;
  std::vector<EntryAttribute> attributes;
};

// The tags of the replies.
enum class LdapReplyKind : std::uint8_t {
  bind = 0x61,
  search_done = 0x65,
  modify = 0x67,
  add = 0x69,
  remove = 0x6b,
  modify_dn = 0x6d,
  compare = 0x6f,
  extended = 0x78,
};

[[nodiscard]] Buffer encode_ldap_result(std::int32_t id, LdapReplyKind kind, const LdapResult& result,
                                        const std::vector<LdapControl>& controls = {});
// `token`: serverSaslCreds.
[[nodiscard]] Buffer encode_bind_response(std::int32_t id, const LdapResult& result,
                                          const std::optional<Buffer>& token);
[[nodiscard]] Buffer encode_extended_response(std::int32_t id, const LdapResult& result, std::string_view oid,
                                              const std::optional<Buffer>& value);
[[nodiscard]] Buffer encode_search_entry(std::int32_t id, const SearchEntry& entry);
// RFC 4511 §4.4.1: says why the server closes the connection.
[[nodiscard]] Buffer encode_notice_of_disconnection(const LdapResult& result);

// The value of a paged results control (RFC 2696), of request and reply.
struct PagedResults {
  std::int32_t size = 0;  // of a page; in a reply an estimate of the whole, 0: unknown
  Buffer cookie;          // empty: the first request, or the last reply
  friend bool operator==(const PagedResults&, const PagedResults&) = default;
};
[[nodiscard]] Result<PagedResults> decode_paged_results(Bytes value);
[[nodiscard]] Buffer encode(const PagedResults& value);

}  // namespace stead::kdc
