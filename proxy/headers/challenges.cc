#include "proxy/headers/challenges.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

// The offset of the first comma outside of quoted strings, or the size.
std::size_t end_of_element(std::string_view list, bool quotes_count, bool& ends_in_quotes) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < list.size(); ++at) {
    const char c = list[at];
    if (quotes_count && c == '"') quoted = !quoted;
    if (quoted && c == '\\' && at + 1 < list.size()) ++at;
    if (!quoted && c == ',') break;
  }
  ends_in_quotes = quoted;
  return at;
}

bool has_closed_quotes(std::string_view value) {
  bool quoted = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '"') quoted = !quoted;
    if (quoted && value[at] == '\\') ++at;
  }
  return !quoted;
}

std::string_view scheme_of(std::string_view element) {
  std::size_t end = 0;
  while (end < element.size() && is_token(element.substr(end, 1))) ++end;
  return element.substr(0, end);
}

// "realm=x", "realm = x" and what is no token belong to the challenge before them.
bool begins_challenge(std::string_view element) {
  const std::string_view scheme = scheme_of(element);
  if (scheme.empty()) return false;
  const std::string_view rest = element.substr(scheme.size());
  return rest.empty() || ((rest.front() == ' ' || rest.front() == '\t') && !trim_blanks(rest).starts_with('='));
}

}  // namespace

ChallengeReader::ChallengeReader(std::string_view value) : left_(value), quotes_count_(has_closed_quotes(value)) {}

std::string_view ChallengeReader::take_element() {
  bool ends_in_quotes = false;
  const std::size_t end = end_of_element(left_, quotes_count_, ends_in_quotes);
  const std::string_view element = left_.substr(0, end);
  left_.remove_prefix(std::min(end + 1, left_.size()));
  return trim_blanks(element);
}

std::optional<ChallengeReader::Challenge> ChallengeReader::next() {
  std::string_view text;
  while (text.empty() && !left_.empty()) text = take_element();
  if (text.empty()) return std::nullopt;
  const std::string_view scheme = scheme_of(text);
  while (!left_.empty()) {
    const std::string_view before = left_;
    const std::string_view element = take_element();
    if (element.empty()) continue;
    if (begins_challenge(element)) {
      left_ = before;
      break;
    }
    text = std::string_view(text.data(), static_cast<std::size_t>(element.data() + element.size() - text.data()));
  }
  return Challenge{.scheme = scheme, .rest = trim_blanks(text.substr(scheme.size())), .text = text};
}

bool is_connection_scheme(std::string_view scheme) {
  return equal_ignoring_case(scheme, "negotiate") || equal_ignoring_case(scheme, "ntlm") ||
         equal_ignoring_case(scheme, "kerberos");
}

bool has_connection_scheme(std::string_view value) {
  ChallengeReader challenges(value);
  while (const auto challenge = challenges.next())
    if (is_connection_scheme(challenge->scheme)) return true;
  return false;
}

void append_other_challenges(std::string& out, std::string_view value) {
  ChallengeReader challenges(value);
  bool is_first = true;
  while (const auto challenge = challenges.next()) {
    if (is_connection_scheme(challenge->scheme)) continue;
    if (!is_first) out.append(", ");
    is_first = false;
    out.append(challenge->text);
  }
}

std::optional<std::string_view> negotiate_token_of(std::string_view value) {
  std::optional<std::string_view> out;
  ChallengeReader challenges(value);
  while (const auto challenge = challenges.next()) {
    if (!equal_ignoring_case(challenge->scheme, "negotiate")) continue;
    // A token has no comma: what follows one is a parameter that Negotiate does not have.
    out = trim_blanks(challenge->rest.substr(0, challenge->rest.find(',')));
    if (!out->empty()) return out;
  }
  return out;
}

}  // namespace stead::proxy
