#pragma once
// The challenges of a WWW-Authenticate field, which may be a list of them (RFC 9110 §11.6.1):
//
//   WWW-Authenticate: Basic realm="a, b", Negotiate YIIJ, Bearer realm="c", scope="d"
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

// Takes the challenges off a field's value, one after the other.
class ChallengeReader {
 public:
  struct Challenge {
    std::string_view scheme;  // "Bearer"
    std::string_view rest;    // token68 or parameters: "realm=\"c\", scope=\"d\""; may be empty
    std::string_view text;    // all of it
  };
  explicit ChallengeReader(std::string_view value);
  [[nodiscard]] std::optional<Challenge> next();

 private:
  [[nodiscard]] std::string_view take_element();
  std::string_view left_;
  bool quotes_count_;  // false: a quoted string does not end, so that '"' is a character as any other
};

// Negotiate, NTLM and Kerberos: schemes that sign in a connection, not a request.
[[nodiscard]] bool is_connection_scheme(std::string_view scheme);
// True if a challenge of the field's value has such a scheme.
[[nodiscard]] bool has_connection_scheme(std::string_view value);
// Appends the challenges of other schemes, as a list; nothing if there are none.
void append_other_challenges(std::string& out, std::string_view value);

// The base64 token of a Negotiate challenge in the field's value: the first token, or an empty text if Negotiate stands
// there alone. Nothing without Negotiate.
[[nodiscard]] std::optional<std::string_view> negotiate_token_of(std::string_view value);

}  // namespace stead::proxy
