#include "proxy/config/header_patterns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

std::optional<std::string> parse_header_pattern(std::string_view text) {
  const bool is_prefix = text.ends_with('*');
  if (is_prefix) text.remove_suffix(1);
  if (!is_token(text) || text.find('*') != std::string_view::npos) return std::nullopt;
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), folded);
  return is_prefix ? out + '*' : out;
}

bool matches_header(std::string_view pattern, std::string_view name) {
  const bool is_prefix = pattern.ends_with('*');
  if (is_prefix) pattern.remove_suffix(1);
  if (is_prefix ? name.size() < pattern.size() : name.size() != pattern.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), name.begin(), [](char a, char b) { return a == folded(b); });
}

bool is_never_forwarded(std::string_view pattern) {
  return std::any_of(kNeverForwarded.begin(), kNeverForwarded.end(), [&](std::string_view never) {
    if (!never.ends_with('*')) return never == pattern;
    return pattern.starts_with(never.substr(0, never.size() - 1));
  });
}

namespace {

void read_patterns(TomlTable& table, std::string_view key, FileErrors& errors, std::vector<std::string>& out) {
  for (const auto& [text, at] : table.texts(key)) {
    const auto pattern = parse_header_pattern(text);
    if (!pattern || *pattern == "cookie")
      errors.add(at, std::string(key) + ": \"" + text +
                         "\" is not a header's name, as \"X-UPN\" or \"X-Upn-*\"; Cookie has rules of its own");
    else
      out.push_back(*pattern);
  }
}

// Fields that frame a message, belong to the connection, or are the proxy's own, so that no text of a file replaces them.
bool is_for_the_proxy_alone(const std::string& pattern) {
  constexpr auto kOwn = std::to_array<std::string_view>(
      {"cookie", "set-cookie", "www-authenticate", "persistent-auth", "authentication-info", "content-length"});
  return is_never_forwarded(pattern) || std::find(kOwn.begin(), kOwn.end(), pattern) != kOwn.end();
}

// { "X-Site" = "intranet" }
void read_fields(TomlTable& table, std::string_view key, FileErrors& errors, HeaderList& out) {
  const toml::table* const fields = table.table(key);
  if (fields == nullptr) return;
  for (const auto& [name, node] : *fields) {
    const std::string text(name.str());
    const auto at = position_of(name.source());
    const auto value = node.value_exact<std::string>();
    const auto pattern = parse_header_pattern(text);
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    if (!pattern || pattern->ends_with('*'))
      errors.add(at, std::string(key) + ": \"" + text + "\" is not a header's name");
    else if (is_for_the_proxy_alone(*pattern))
      errors.add(at, std::string(key) + ": the proxy alone writes " + text);
    else if (!value)
      errors.add(node, std::string(key) + ": the value of " + text + " must be a string");
    else if (std::any_of(value->begin(), value->end(), is_control) || trim_blanks(*value) != *value)
      errors.add(node, std::string(key) + ": the value of " + text + " has control characters, or blanks at an end");
    else
      out.emplace_back(text, *value);
  }
}

void read_forwarded(TomlTable& table, Route& out) {
  std::string text;
  if (!table.text("forwarded", text)) return;
  constexpr std::array<std::pair<std::string_view, ForwardedForm>, 4> kForms{
      {{"x-forwarded", ForwardedForm::x_forwarded},
       {"forwarded", ForwardedForm::forwarded},
       {"both", ForwardedForm::both},
       {"none", ForwardedForm::none}}};
  const auto* const found =
      std::find_if(kForms.begin(), kForms.end(), [&text](const auto& form) { return form.first == text; });
  if (found != kForms.end())
    out.forwarded = found->second;
  else
    table.error("forwarded", "forwarded: \"" + text + "\" is none of x-forwarded, forwarded, both, none");
}

}  // namespace

void read_header_keys(TomlTable& table, FileErrors& errors, Route& out) {
  read_forwarded(table, out);
  if (table.has("drop_headers") && table.has("remove_request_headers"))
    table.error("drop_headers", "drop_headers and remove_request_headers are one key: keep the second");
  read_patterns(table, "drop_headers", errors, out.drop_headers);
  read_patterns(table, "remove_request_headers", errors, out.drop_headers);
  read_patterns(table, "pass_headers", errors, out.pass_headers);
  for (const std::string& pattern : out.pass_headers)
    if (is_never_forwarded(pattern))
      table.error("pass_headers", "pass_headers: \"" + pattern +
                                      "\" never passes: the proxy writes it itself, or it ends at the proxy");
  read_fields(table, "set_request_headers", errors, out.set_request_headers);
  read_fields(table, "set_response_headers", errors, out.set_response_headers);
  read_fields(table, "add_response_headers", errors, out.add_response_headers);
  read_patterns(table, "remove_response_headers", errors, out.remove_response_headers);
  // What is set replaces what came.
  for (const auto& [name, value] : out.set_request_headers) out.drop_headers.push_back(*parse_header_pattern(name));
  for (const auto& [name, value] : out.set_response_headers)
    out.remove_response_headers.push_back(*parse_header_pattern(name));
}

}  // namespace stead::proxy
