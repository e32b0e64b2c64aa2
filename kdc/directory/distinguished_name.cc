#include "kdc/directory/distinguished_name.h"

#include <openssl/asn1.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

// The keywords of Windows and of RFC 4519 that are not OpenSSL's short names.
struct Keyword {
  std::string_view text;
  int nid;
};
constexpr std::array kKeywords{Keyword{"S", NID_stateOrProvinceName},
                               Keyword{"ST", NID_stateOrProvinceName},
                               Keyword{"E", NID_pkcs9_emailAddress},
                               Keyword{"EMAIL", NID_pkcs9_emailAddress},
                               Keyword{"EMAILADDRESS", NID_pkcs9_emailAddress},
                               Keyword{"CN", NID_commonName},
                               Keyword{"C", NID_countryName},
                               Keyword{"L", NID_localityName},
                               Keyword{"O", NID_organizationName},
                               Keyword{"OU", NID_organizationalUnitName},
                               Keyword{"DC", NID_domainComponent},
                               Keyword{"UID", NID_userId},
                               Keyword{"T", NID_title},
                               Keyword{"TITLE", NID_title},
                               Keyword{"G", NID_givenName},
                               Keyword{"GN", NID_givenName},
                               Keyword{"GIVENNAME", NID_givenName},
                               Keyword{"I", NID_initials},
                               Keyword{"INITIALS", NID_initials},
                               Keyword{"SN", NID_surname},
                               Keyword{"STREET", NID_streetAddress},
                               Keyword{"STREETADDRESS", NID_streetAddress},
                               Keyword{"SERIALNUMBER", NID_serialNumber},
                               Keyword{"POSTALCODE", NID_postalCode},
                               Keyword{"POBOX", NID_postOfficeBox},
                               Keyword{"PHONE", NID_telephoneNumber},
                               Keyword{"DESCRIPTION", NID_description},
                               Keyword{"DNQ", NID_dnQualifier},
                               Keyword{"DNQUALIFIER", NID_dnQualifier}};

std::string oid_text(const ASN1_OBJECT* type) {
  std::array<char, 128> text{};
  const int size = OBJ_obj2txt(text.data(), int(text.size()), type, 1);
  return size > 0 && std::size_t(size) < text.size() ? text.data() : std::string();
}

// The OID of a written keyword; empty: unknown.
std::string oid_of(std::string_view keyword) {
  const std::string upper = to_upper(trim_blanks(keyword));
  std::string_view dotted = upper;
  if (dotted.starts_with("OID.")) dotted.remove_prefix(4);
  if (!dotted.empty() && dotted.find_first_not_of("0123456789.") == dotted.npos) return std::string(dotted);
  for (const Keyword& known : kKeywords)
    if (known.text == upper) return oid_text(OBJ_nid2obj(known.nid));
  return {};
}

std::string utf8_of(const ASN1_STRING* value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  std::string out(reinterpret_cast<const char*>(text), size > 0 ? std::size_t(size) : 0);
  OPENSSL_free(text);
  return out;
}

// '#' and the DER of a string, as both forms write values of types that they do not know.
std::optional<std::string> value_of_hex(std::string_view hex) {
  const Buffer der = from_hex(hex);
  if (der.empty() || der.size() * 2 != hex.size()) return std::nullopt;
  const auto* in = der.data();
  const std::unique_ptr<ASN1_TYPE, decltype(&ASN1_TYPE_free)> type(
      d2i_ASN1_TYPE(nullptr, &in, static_cast<long>(der.size())), ASN1_TYPE_free);
  if (!type || type->type == V_ASN1_OBJECT || type->type == V_ASN1_BOOLEAN || type->type == V_ASN1_NULL)
    return std::nullopt;
  return utf8_of(type->value.asn1_string);
}

// Control characters end a part and join two of them: no value has them, since they are escaped.
void append_part(std::string& out, char joint, std::string_view oid, std::string_view value) {
  if (!out.empty()) out += joint;
  out.append(oid).append("=");
  for (const char c : to_lower(trim_blanks(value))) {
    if (std::uint8_t(c) < 0x20 || c == '\\' || c == ',' || c == '+') out += '\\';
    out += std::uint8_t(c) < 0x20 ? char(c + 0x40) : c;
  }
}

// Reads a written name from its front.
class NameReader {
 public:
  explicit NameReader(std::string_view text) : text_(text) {}

  std::optional<std::string> read() {
    std::string out;
    char joint = ',';
    while (true) {
      const std::size_t equals = text_.find('=');
      if (equals == text_.npos) return std::nullopt;
      const std::string oid = oid_of(text_.substr(0, equals));
      text_.remove_prefix(equals + 1);
      const auto value = oid.empty() ? std::nullopt : read_value();
      if (!value) return std::nullopt;
      append_part(out, joint, oid, *value);
      if (text_.empty()) return out;
      joint = text_.front() == '+' ? '+' : ',';
      text_.remove_prefix(1);
    }
  }

 private:
  static bool is_end(char c) { return c == ',' || c == ';' || c == '+' || c == '\n' || c == '\r'; }

  // Up to the separator behind it, or the end.
  std::optional<std::string> read_value() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
    if (!text_.empty() && text_.front() == '"') return read_quoted();
    const bool is_hex = !text_.empty() && text_.front() == '#';
    std::string out;
    while (!text_.empty() && !is_end(text_.front()))
      if (!take_character(out)) return std::nullopt;
    if (is_hex) return value_of_hex(trim_blanks(std::string_view(out).substr(1)));
    return out;
  }

  // Windows doubles a quote within quotes; RFC 2253 escapes it.
  std::optional<std::string> read_quoted() {
    text_.remove_prefix(1);
    std::string out;
    while (true) {
      if (text_.empty()) return std::nullopt;
      if (text_.starts_with("\"\"")) {
        out += '"';
        text_.remove_prefix(2);
      } else if (text_.front() == '"') {
        text_.remove_prefix(1);
        break;
      } else if (!take_character(out)) {
        return std::nullopt;
      }
    }
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
    if (!text_.empty() && !is_end(text_.front())) return std::nullopt;
    return out;
  }

  // One character, or an escape: a backslash with the character or two hexadecimal digits.
  bool take_character(std::string& out) {
    const bool escaped = text_.front() == '\\';
    if (escaped) text_.remove_prefix(1);
    if (text_.empty()) return false;
    const Buffer octet = escaped && text_.size() > 1 ? from_hex(text_.substr(0, 2)) : Buffer();
    if (octet.size() == 1) {
      out += char(octet.front());
      text_.remove_prefix(2);
    } else {
      out += text_.front();
      text_.remove_prefix(1);
    }
    return true;
  }

  std::string_view text_;
};

}  // namespace

std::string canonical_name(const X509_NAME* name) {
  std::string out;
  int last_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    const int set = X509_NAME_ENTRY_set(entry);
    append_part(out, set == last_set ? '+' : ',', oid_text(X509_NAME_ENTRY_get_object(entry)),
                utf8_of(X509_NAME_ENTRY_get_data(entry)));
    last_set = set;
  }
  return out;
}

std::optional<std::string> canonical_name(std::string_view written) {
  return NameReader(written).read();
}

}  // namespace stead::kdc
