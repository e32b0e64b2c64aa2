#pragma once
// LDAP requests (RFC 4511 §4): bytes in, values out. Lengths may have every definite BER form.
//
//   LDAPMessage ::= SEQUENCE { messageID INTEGER (0..2^31-1), protocolOp CHOICE {…}, controls [0] Controls OPTIONAL }
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kdc/ldap/wire/ldap_filter.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::kdc {

constexpr std::size_t kMaxLdapControls = 32, kMaxLdapAttributes = 1024, kMaxLdapValues = 10'000;

struct LdapControl {
  std::string oid;
  bool critical = false;
  std::optional<Buffer> value;
  friend bool operator==(const LdapControl&, const LdapControl&) = default;
};

struct BindRequest {
  std::int32_t version = 3;
  std::string name;
  std::optional<SecretBuffer> password;  // a simple bind; without: SASL
  std::string mechanism;
  std::optional<Buffer> credentials;
  // Of a Sicily bind (MS-ADTS §5.1.1.1.3), whose messages are in `credentials`; none: of another kind.
  enum class Sicily { none = 0, discovery = 9, negotiate = 10, response = 11 } sicily = Sicily::none;
  friend bool operator==(const BindRequest&, const BindRequest&) = default;
};

struct UnbindRequest {
  friend bool operator==(const UnbindRequest&, const UnbindRequest&) = default;
};

struct SearchRequest {
  enum class Scope { base = 0, one_level = 1, subtree = 2 };
  std::string base;
  Scope scope = Scope::base;
  std::int32_t dereference = 0;
  std::int32_t size_limit = 0, time_limit = 0;  // 0: none; seconds
  bool types_only = false;
  Filter filter;
  std::vector<std::string> attributes;
  friend bool operator==(const SearchRequest&, const SearchRequest&) = default;
};

// An attribute with values, which may be passwords.
struct LdapAttributeValues {
  std::string attribute;
  std::vector<SecretBuffer> values;
  friend bool operator==(const LdapAttributeValues&, const LdapAttributeValues&) = default;
};

struct Modification {
  enum class Operation { add = 0, remove = 1, replace = 2 };
  Operation operation = Operation::add;
  LdapAttributeValues change;
  friend bool operator==(const Modification&, const Modification&) = default;
};
struct ModifyRequest {
  std::string object;
  std::vector<Modification> changes;
  friend bool operator==(const ModifyRequest&, const ModifyRequest&) = default;
};

struct AddRequest {
  std::string entry;
  std::vector<LdapAttributeValues> attributes;
  friend bool operator==(const AddRequest&, const AddRequest&) = default;
};

struct DeleteRequest {
  std::string entry;
  friend bool operator==(const DeleteRequest&, const DeleteRequest&) = default;
};

struct ModifyDnRequest {
  std::string entry, new_rdn;
  bool delete_old_rdn = false;
  std::optional<std::string> new_superior;
  friend bool operator==(const ModifyDnRequest&, const ModifyDnRequest&) = default;
};

struct CompareRequest {
  std::string entry, attribute;
  Buffer value;
  friend bool operator==(const CompareRequest&, const CompareRequest&) = default;
};

struct AbandonRequest {
  std::int32_t message_id = 0;
  friend bool operator==(const AbandonRequest&, const AbandonRequest&) = default;
};

struct ExtendedRequest {
  std::string oid;
  std::optional<Buffer> value;
  friend bool operator==(const ExtendedRequest&, const ExtendedRequest&) = default;
};

using LdapOperation = std::variant<BindRequest, UnbindRequest, SearchRequest, ModifyRequest, AddRequest, DeleteRequest,
                                   ModifyDnRequest, CompareRequest, AbandonRequest, ExtendedRequest>;

struct LdapRequest {
  std::int32_t id = 0;
  LdapOperation operation;
  std::vector<LdapControl> controls;
  friend bool operator==(const LdapRequest&, const LdapRequest&) = default;
};
// `unsupported`: an operation that is none of these.
[[nodiscard]] Result<LdapRequest> decode_ldap_request(Bytes message);
[[nodiscard]] Buffer encode(const LdapRequest& value);

// The size of the LDAPMessage that begins here, 0 if too few bytes have arrived to know it. Fails with bad_tag if no
// SEQUENCE begins here, with bad_length for an indefinite length, and with too_large above `limit`.
[[nodiscard]] Result<std::size_t> ldap_message_size(Bytes begin, std::size_t limit);

}  // namespace stead::kdc
