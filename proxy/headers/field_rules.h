#pragma once
// Which header fields pass the proxy, in either direction. Every head is written anew from the fields that pass.
#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/http/message_head.h"

namespace stead::proxy {

enum class FieldRule : std::uint8_t { pass, drop, cookie };  // cookie: passes without the proxy's own cookies
// For a client's field, by the table in dropped_fields.h.
[[nodiscard]] FieldRule request_field_rule(std::string_view name);

// True if a back end's field does not reach the client: hop-by-hop fields, and cookies with the names of the proxy's
// own. Negotiate and NTLM challenges stay here too; challenges.h takes them out of their field.
[[nodiscard]] bool is_dropped_from_response(const Field& field);

// True for "stead", "__Host-stead" and names that begin with "stead-" or "stead_", in any case: browsers compare the
// "__Host-" prefix without regard to case.
[[nodiscard]] bool is_own_cookie(std::string_view name);

// The fields that a message's Connection field names. They are hop-by-hop too (RFC 9110 §7.6.1).
class NamedByConnection {
 public:
  explicit NamedByConnection(const std::vector<Field>& fields);
  [[nodiscard]] bool has(std::string_view name) const { return any_ && find(name); }

 private:
  [[nodiscard]] bool find(std::string_view name) const;
  const std::vector<Field>& fields_;
  bool any_;  // "close" and "keep-alive" alone, the usual values, name no field
};

}  // namespace stead::proxy
