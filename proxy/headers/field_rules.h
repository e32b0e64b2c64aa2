#pragma once
// Which header fields pass the proxy, in either direction. Every head is written anew from the fields that pass.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/message_head.h"

namespace stead::proxy {

enum class FieldRule : std::uint8_t { pass, drop, cookie };  // cookie: passes without the proxy's own cookies
// A route's own patterns (header_patterns.h): `drop` adds to the default list, `pass` makes exceptions from it.
struct FieldLists {
  std::span<const std::string> drop, pass;
};
// For a client's field: by kNeverForwarded, then the route's `drop`, then its `pass`, then the list in dropped_fields.h.
[[nodiscard]] FieldRule request_field_rule(std::string_view name, const FieldLists& lists = {});

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
  [[nodiscard]] bool has(std::string_view name) const { return count_ > 0 && find(name); }

 private:
  [[nodiscard]] bool find(std::string_view name) const;
  // "close" and "keep-alive", the usual values, name no field and are left out.
  std::array<std::string_view, kMaxConnectionTokens> names_;
  std::size_t count_ = 0;
};

}  // namespace stead::proxy
