// The account that a client certificate means.
#include <openssl/x509v3.h>

#include <memory>

#include "kdc/referrals.h"

namespace stead::kdc {
namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* handle) const noexcept { Free(handle); }
};
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;

// MS-PKINIT: the otherName szOID_NT_PRINCIPAL_NAME of the subject alternative name.
std::string upn_in_san(Bytes der) {
  const std::uint8_t* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, long(der.size())));
  if (!certificate) return {};
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return {};
  const ObjectPtr upn_oid(OBJ_txt2obj("1.3.6.1.4.1.311.20.2.3", 1));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_OTHERNAME || OBJ_cmp(name->d.otherName->type_id, upn_oid.get()) != 0) continue;
    if (name->d.otherName->value->type != V_ASN1_UTF8STRING) continue;
    const ASN1_UTF8STRING* text = name->d.otherName->value->value.utf8string;
    return std::string(as_text({ASN1_STRING_get0_data(text), std::size_t(ASN1_STRING_length(text))}));
  }
  return {};
}

}  // namespace

ClientLookup find_client_by_certificate(const Context& ctx, Bytes der) {
  const auto here = ctx.snapshot.by_certificate(ctx.domain, der);
  if (here.size() == 1) return {.account = here.front(), .other_realm = {}};
  if (!here.empty()) return {.account = nullptr, .other_realm = {}, .several = true};
  for (const Domain& domain : ctx.snapshot.forest().domains) {
    const DomainEntry* entry = ctx.snapshot.domain(domain.realm);
    if (!entry || entry == &ctx.domain || domain.forest != ctx.domain.domain->forest) continue;
    if (ctx.snapshot.by_certificate(*entry, der).size() == 1) return {.account = nullptr, .other_realm = domain.realm};
  }
  const std::string upn = upn_in_san(der);
  return upn.empty() ? ClientLookup{} : find_client(ctx, enterprise_name(upn));
}

}  // namespace stead::kdc
