#include "sspi_shim/protocol/security/certificate_names.h"

#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stead {
namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* handle) const noexcept { Free(handle); }
};
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;

constexpr const char* kUpnOid = "1.3.6.1.4.1.311.20.2.3";
constexpr const char* kSidExtensionOid = "1.3.6.1.4.1.311.25.2";
constexpr const char* kSidNameOid = "1.3.6.1.4.1.311.25.2.1";
constexpr std::string_view kSidTag = "tag:microsoft.com,2022-09-14:sid:";

bool is(const ASN1_OBJECT* object, const char* oid) {
  const ObjectPtr wanted(OBJ_txt2obj(oid, 1));
  return wanted && OBJ_cmp(object, wanted.get()) == 0;
}

std::string_view text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), std::size_t(ASN1_STRING_length(text))};
}

// A repeated value is accepted, a second one is not.
template <class T>
bool keep(std::optional<T>& into, T value) {
  if (into) return *into == value;
  into = std::move(value);
  return true;
}

bool keep_sid(std::optional<Sid>& into, std::string_view text) {
  auto sid = parse_sid(text);
  return sid && keep(into, std::move(*sid));
}

bool read_alternative_names(X509* certificate, std::optional<std::string>& upn, std::optional<Sid>& sid) {
  int state = 0;  // -1: absent; another value without a result: present twice, or unreadable
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &state, nullptr)));
  if (!names) return state == -1;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      const std::string_view uri = text_of(name->d.uniformResourceIdentifier);
      if (uri.starts_with(kSidTag) && !keep_sid(sid, uri.substr(kSidTag.size()))) return false;
    }
    if (name->type != GEN_OTHERNAME || !is(name->d.otherName->type_id, kUpnOid)) continue;
    if (name->d.otherName->value->type != V_ASN1_UTF8STRING) return false;
    const std::string_view text = text_of(name->d.otherName->value->value.utf8string);
    for (const char c : text)
      if (std::uint8_t(c) < 0x20 || c == 0x7f || c == '\\') return false;
    if (text.empty() || !keep(upn, std::string(text))) return false;
  }
  return true;
}

//   SEQUENCE { [0] otherName { type-id 1.3.6.1.4.1.311.25.2.1, value [0] OCTET STRING "S-1-5-21-…" } }
bool read_sid_extension(const X509* certificate, std::optional<Sid>& sid) {
  const ObjectPtr oid(OBJ_txt2obj(kSidExtensionOid, 1));
  const int at = X509_get_ext_by_OBJ(certificate, oid.get(), -1);
  if (at < 0) return true;
  if (X509_get_ext_by_OBJ(certificate, oid.get(), at) >= 0) return false;
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
  const unsigned char* in = ASN1_STRING_get0_data(value);
  const unsigned char* const end = in + ASN1_STRING_length(value);
  const GeneralNamesPtr names(d2i_GENERAL_NAMES(nullptr, &in, ASN1_STRING_length(value)));
  if (!names || in != end || sk_GENERAL_NAME_num(names.get()) != 1) return false;
  const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_OTHERNAME || !is(name->d.otherName->type_id, kSidNameOid)) return false;
  if (name->d.otherName->value->type != V_ASN1_OCTET_STRING) return false;
  return keep_sid(sid, text_of(name->d.otherName->value->value.octet_string));
}

}  // namespace

Result<CertificateNames> names_in_certificate(Bytes der) {
  const unsigned char* in = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &in, long(der.size())));
  if (!certificate || in != der.data() + der.size()) return WireErrc::bad_value;
  std::optional<std::string> upn;
  CertificateNames out;
  if (!read_alternative_names(certificate.get(), upn, out.sid) || !read_sid_extension(certificate.get(), out.sid))
    return WireErrc::bad_value;
  out.upn = std::move(upn).value_or("");
  return out;
}

}  // namespace stead
