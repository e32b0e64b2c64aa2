#include "proxy/certificate_sign_in.h"

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "proxy/own_pages.h"
#include "sspi_shim/protocol/pac.h"
#include "sspi_shim/protocol/pac_logon_info.h"
#include "sspi_shim/s4u/own_keys.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

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

// One value only: the same again is no harm, another one is.
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
  int state = 0;  // -1: absent; else without a result: there twice, or unreadable
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &state, nullptr)));
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

// A KDC that knows no such certificate, or no certificates at all.
bool may_ask_by_name(const Error& error) {
  return error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP || error == KrbErrc::KRB_ERR_GENERIC;
}

CertificateFault fault_of(const Failure& failure) {
  if (failure.kind == FailureKind::unreachable || failure.kind == FailureKind::cancelled) return CertificateFault::directory_silent;
  if (failure.error == KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE) return CertificateFault::mapped_twice;
  if (failure.error == KrbErrc::KDC_ERR_CLIENT_REVOKED || failure.error == KrbErrc::KDC_ERR_KEY_EXPIRED ||
      failure.error == KrbErrc::KDC_ERR_NAME_EXP || failure.error == KrbErrc::KDC_ERR_POLICY)
    return CertificateFault::account_refused;
  return CertificateFault::unmapped;
}

struct Page {
  std::string_view title, text;
};
Page page_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::none_sent:
      return {"Certificate needed", "This site signs you in with a client certificate, and your browser sent none."};
    case CertificateFault::wrong_ca:
      return {"Certificate not trusted", "Your certificate was not issued by an authority that this site trusts. Choose another one."};
    case CertificateFault::expired: return {"Certificate expired", "Your certificate is past its end. Have it renewed."};
    case CertificateFault::not_yet_valid: return {"Certificate not yet valid", "Your certificate's time has not begun."};
    case CertificateFault::revoked: return {"Certificate revoked", "Your certificate has been revoked. Ask your administrator for a new one."};
    case CertificateFault::revocation_unknown:
      return {"Certificate cannot be checked", "Whether your certificate was revoked is not known here. Ask your administrator, and name the request below."};
    case CertificateFault::unacceptable: return {"Certificate not accepted", "Your certificate is not one for signing in."};
    case CertificateFault::unreadable: return {"Certificate not understood", "Your certificate does not say clearly whose it is."};
    case CertificateFault::unmapped:
      return {"Certificate of nobody", "No account belongs to your certificate. Ask your administrator, and name the request below."};
    case CertificateFault::mapped_twice:
      return {"Certificate of several accounts", "More than one account claims your certificate. Ask your administrator, and name the request below."};
    case CertificateFault::other_account:
      return {"Certificate of another account", "Your certificate was issued for another account than the one that bears its name. "
                                                "Ask your administrator, and name the request below."};
    case CertificateFault::account_refused:
      return {"Account not accepted", "The account of your certificate may not sign in. Ask your administrator, and name the request below."};
    case CertificateFault::directory_silent:
      return {"Sign-in is not possible now", "The directory did not answer. Try again in a moment."};
  }
  return {"Certificate not accepted", "Your certificate is not accepted here."};
}

}  // namespace

CertificateFault fault_of(std::string_view verify_error) {
  if (verify_error.empty()) return CertificateFault::none_sent;
  constexpr std::pair<int, CertificateFault> kFaults[] = {
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, CertificateFault::wrong_ca},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CertificateFault::wrong_ca},
      {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, CertificateFault::wrong_ca},
      {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CertificateFault::wrong_ca},
      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_UNTRUSTED, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_SIGNATURE_FAILURE, CertificateFault::wrong_ca},
      {X509_V_ERR_INVALID_CA, CertificateFault::wrong_ca},
      {X509_V_ERR_CERT_HAS_EXPIRED, CertificateFault::expired},
      {X509_V_ERR_CERT_NOT_YET_VALID, CertificateFault::not_yet_valid},
      {X509_V_ERR_CERT_REVOKED, CertificateFault::revoked},
      {X509_V_ERR_UNABLE_TO_GET_CRL, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_HAS_EXPIRED, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_NOT_YET_VALID, CertificateFault::revocation_unknown},
      {X509_V_ERR_CRL_SIGNATURE_FAILURE, CertificateFault::revocation_unknown},
      {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, CertificateFault::revocation_unknown},
  };
  for (const auto& [code, fault] : kFaults)
    if (verify_error == X509_verify_cert_error_string(code)) return fault;
  return CertificateFault::unacceptable;
}

Result<CertificateNames> names_in_certificate(Bytes der) {
  const unsigned char* in = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &in, long(der.size())));
  if (!certificate || in != der.data() + der.size()) return WireErrc::bad_value;
  std::optional<std::string> upn;
  CertificateNames out;
  if (!read_alternative_names(certificate.get(), upn, out.sid) || !read_sid_extension(certificate.get(), out.sid)) return WireErrc::bad_value;
  out.upn = std::move(upn).value_or("");
  return out;
}

Buffer certificate_digest(Bytes der) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(der.data(), der.size(), digest.data());
  return digest;
}

std::optional<Sid> sid_in_evidence(const Ticket& evidence, const std::vector<Key>& own_keys) {
  for (const Key& key : own_keys) {
    const auto opened = open_own_ticket(evidence, {key});
    if (!opened) continue;
    const auto bytes = pac_bytes_of(opened->part);
    if (!bytes || bytes->empty() || !verify_server_signature(*bytes, key)) return std::nullopt;
    const auto pac = decode_pac(*bytes);
    const Buffer* const buffer = pac ? pac->find(PacType::logon_info) : nullptr;
    if (!buffer) return std::nullopt;
    const auto info = decode_pac_logon_info(*buffer);
    if (!info) return std::nullopt;
    return info->user_sid();
  }
  return std::nullopt;
}

asio::awaitable<std::variant<std::string, CertificateRefused>> CertificateSignIn::user_of(std::vector<std::uint8_t> der) {
  const auto names = names_in_certificate(der);
  if (!names) co_return CertificateRefused{CertificateFault::unreadable, "the client certificate does not say clearly whose it is"};
  Client& client = tickets_->client();
  Outcome<Identity> who = co_await client.user_by_certificate(std::move(der));
  if (!who && !names->upn.empty() && may_ask_by_name(who.error().error)) who = co_await client.user(names->upn);
  if (!who) co_return CertificateRefused{fault_of(who.error()), "the client certificate" + (names->upn.empty() ? "" : " of " + names->upn) + ": " + who.error().text};
  if (names->sid) {
    const auto found = sid_in_evidence(who->state().evidence, state_->own_keys);
    if (!found || *found != *names->sid)
      co_return CertificateRefused{CertificateFault::other_account, "the client certificate is for " + to_string(*names->sid) + ", and " + who->principal() +
                                                                        (found ? " is " + to_string(*found) : " shows no SID")};
  }
  co_return who->principal();
}

OwnResponse certificate_page(CertificateFault fault, std::string_view request_id) {
  const bool silent = fault == CertificateFault::directory_silent;
  const Page page = page_of(fault);
  OwnResponse response = error_page(silent ? 503 : 403, request_id, page.title, page.text);
  if (silent) response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace stead::proxy
