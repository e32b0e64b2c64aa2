#include "kdc/ldap/entries/ldap_name.h"

#include <algorithm>
#include <cstddef>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kSpecial = "\"+,;<=>\\";

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// A keyword or an OID that AD's names use.
std::optional<std::string> read_type(std::string_view& text) {
  const auto equals = text.find('=');
  if (equals == text.npos) return std::nullopt;
  std::string type = to_lower(trim_blanks(text.substr(0, equals)));
  text.remove_prefix(equals + 1);
  if (type.starts_with("oid.")) type.erase(0, 4);
  if (type == "2.5.4.3") type = "cn";
  if (type == "2.5.4.11") type = "ou";
  if (type == "0.9.2342.19200300.100.1.25") type = "dc";
  if (type.empty() || type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != type.npos)
    return std::nullopt;
  return type;
}

// Up to the comma behind it, or the end. Blanks at the end count only where they are escaped.
std::optional<std::string> read_value(std::string_view& text) {
  skip_blanks(text);
  std::string out;
  std::size_t keep = 0;  // octets that the blanks at the end may not shorten
  while (!text.empty() && text.front() != ',' && text.front() != ';') {
    if (text.front() == '+' || text.front() == '"' || text.front() == '<' || text.front() == '>') return std::nullopt;
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      if (out.back() != ' ') keep = out.size();
      continue;
    }
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    const bool is_hex = text.size() >= 2 && hex_digit(text[0]) >= 0 && hex_digit(text[1]) >= 0;
    out += is_hex ? char(hex_digit(text[0]) << 4 | hex_digit(text[1])) : text.front();
    text.remove_prefix(is_hex ? 2 : 1);
    keep = out.size();
  }
  out.resize(keep);
  // name_key() relies on there being no zero octet.
  if (out.empty() || !is_utf8(out) || out.find('\0') != out.npos) return std::nullopt;
  return out;
}

}  // namespace

std::optional<LdapName> parse_ldap_name(std::string_view text) {
  LdapName out;
  skip_blanks(text);
  while (!text.empty()) {
    auto type = read_type(text);
    auto value = type ? read_value(text) : std::nullopt;
    if (!value) return std::nullopt;
    out.push_back({std::move(*type), std::move(*value)});
    if (text.empty()) break;
    text.remove_prefix(1);
    skip_blanks(text);
    if (text.empty()) return std::nullopt;  // a comma at the end
  }
  return out;
}

std::string escaped_value(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool at_edge = i == 0 || i + 1 == value.size();
    if (static_cast<unsigned char>(c) < ' ') {
      out += '\\';
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[c & 0xf];
      continue;
    }
    if (kSpecial.find(c) != kSpecial.npos || (c == ' ' && at_edge) || (c == '#' && i == 0)) out += '\\';
    out += c;
  }
  return out;
}

std::string name_key(const LdapName& name) {
  std::string out;
  for (const auto& [type, value] : name) {
    out.append(type).push_back('=');
    for (std::string_view rest = value; !rest.empty();) {
      const CodePoint next = first_code_point(rest);
      append_utf8(out, folded_letter(next.value));
      rest.remove_prefix(next.size);
    }
    out.push_back('\0');  // no value has it
  }
  return out;
}

LdapName parent_of(const LdapName& name) {
  return name.empty() ? LdapName{} : LdapName(name.begin() + 1, name.end());
}

std::string dn_of_zone(std::string_view zone) {
  std::string out;
  while (!zone.empty()) {
    const auto label = zone.substr(0, zone.find('.'));
    out.append(out.empty() ? "DC=" : ",DC=").append(label);
    zone.remove_prefix(std::min(zone.size(), label.size() + 1));
  }
  return out;
}

std::string zone_of(const LdapName& name) {
  auto first = name.end();
  while (first != name.begin() && std::prev(first)->type == "dc") --first;
  std::string out;
  for (; first != name.end(); ++first) out.append(out.empty() ? "" : ".").append(to_lower(first->value));
  return out;
}

std::string canonical_path(const LdapName& name) {
  std::string out = zone_of(name) + '/';
  bool first = true;
  for (auto part = name.rbegin(); part != name.rend(); ++part) {
    if (first && part->type == "dc") continue;
    if (!first) out += '/';
    first = false;
    for (const char c : part->value) {
      if (c == '/' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace stead::kdc
