#include "proxy/tls/ocsp_staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "sspi_shim/base/openssl_error.h"
#include "sspi_shim/base/x509.h"

namespace stead::proxy {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>>;

constexpr std::size_t kMaxSize = 64 * 1024;
constexpr long kClockSkew = 300;  // seconds

// Null: the chain does not have it.
X509* issuer_of(X509* leaf, STACK_OF(X509) * chain) {
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i)
    if (X509_check_issued(sk_X509_value(chain, i), leaf) == X509_V_OK) return sk_X509_value(chain, i);
  return X509_check_issued(leaf, leaf) == X509_V_OK ? leaf : nullptr;
}

// The part of the response about this certificate; null: it has none. An id names the certificate by hashes of its
// issuer, with a digest of the responder's choice.
OCSP_SINGLERESP* part_about(OCSP_BASICRESP* basic, const X509* leaf, const X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* const part = OCSP_resp_get0(basic, i);
    const OCSP_CERTID* const id = OCSP_SINGLERESP_get0_id(part);
    ASN1_OBJECT* digest = nullptr;
    OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
    const EVP_MD* const md = EVP_get_digestbyobj(digest);
    const IdPtr wanted(md != nullptr ? OCSP_cert_to_id(md, leaf, issuer) : nullptr);
    if (wanted && OCSP_id_cmp(wanted.get(), id) == 0) return part;
  }
  return nullptr;
}

// By the issuer itself, or by a responder whose certificate the issuer made for that purpose.
bool is_signed_for(OCSP_BASICRESP* basic, X509* issuer) {
  const StorePtr trusted(X509_STORE_new());
  const ChainPtr known(sk_X509_new_null());
  if (!trusted || !known || X509_STORE_add_cert(trusted.get(), issuer) != 1) throw std::bad_alloc();
  X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_up_ref(issuer) != 1 || sk_X509_push(known.get(), issuer) == 0) throw std::bad_alloc();
  return OCSP_basic_verify(basic, known.get(), trusted.get(), 0) == 1;
}

std::string text_of(const ASN1_GENERALIZEDTIME* time) {
  return to_text(static_cast<const ASN1_TIME*>(time));
}

// Why the part is of no use; empty: it is good. `next` gets its next update, null if it has none.
std::string fault_of(OCSP_SINGLERESP* part, ASN1_GENERALIZEDTIME*& next) {
  ASN1_GENERALIZEDTIME *revoked = nullptr, *made = nullptr;
  int reason = 0;
  const int status = OCSP_single_get0_status(part, &reason, &revoked, &made, &next);
  if (status == V_OCSP_CERTSTATUS_REVOKED) return "says that the certificate was revoked " + text_of(revoked);
  if (status != V_OCSP_CERTSTATUS_GOOD) return "says that the authority does not know the certificate";
  ERR_clear_error();
  if (OCSP_check_validity(made, next, kClockSkew, -1) == 1) return {};
  ERR_clear_error();
  if (next != nullptr && X509_cmp_current_time(next) < 0) return "was good until " + text_of(next);
  return "is not good before " + text_of(made);
}

std::string fault_of(OCSP_RESPONSE* response, X509* leaf, X509* issuer, OcspStaple& out) {
  if (const int status = OCSP_response_status(response); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return std::string("is a refusal: ") + OCSP_response_status_str(status);
  const BasicPtr basic(OCSP_response_get1_basic(response));
  if (!basic) return "has no basic response";
  OCSP_SINGLERESP* const part = part_about(basic.get(), leaf, issuer);
  if (part == nullptr) return "is not for this certificate";
  ERR_clear_error();
  if (!is_signed_for(basic.get(), issuer)) return "is not signed by the certificate's issuer: " + take_openssl_error();
  ASN1_GENERALIZEDTIME* next = nullptr;
  std::string fault = fault_of(part, next);
  std::tm time{};
  if (fault.empty() && next != nullptr && ASN1_TIME_to_tm(next, &time) == 1)
    out.next_update = std::chrono::system_clock::from_time_t(::timegm(&time));
  return fault;
}

}  // namespace

Checked<OcspStaple> read_ocsp_staple(const CertificateFiles& files, X509* leaf, STACK_OF(X509) * chain) {
  const auto refused = [&](const std::string& why) {
    return Problem{.message = "the OCSP response " + files.ocsp + " " + why, .where = files.where, .fix = {}};
  };
  std::ifstream file(files.ocsp, std::ios::binary);
  if (!file) return refused("cannot be read");
  OcspStaple out;
  out.response.assign(std::istreambuf_iterator<char>(file), {});
  const unsigned char* at = out.response.data();
  const ResponsePtr response(out.response.size() <= kMaxSize
                                 ? d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(out.response.size()))
                                 : nullptr);
  ERR_clear_error();
  if (!response || at != out.response.data() + out.response.size()) return refused("is none in DER form");
  X509* const issuer = issuer_of(leaf, chain);
  if (issuer == nullptr)
    return refused("cannot be checked: the issuer's certificate does not stand behind the certificate in " +
                   files.certificate);
  const std::string fault = fault_of(response.get(), leaf, issuer, out);
  ERR_clear_error();
  if (!fault.empty()) return refused(fault);
  return out;
}

}  // namespace stead::proxy
