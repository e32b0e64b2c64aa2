#include "sspi_shim/s4u/user_realm.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead {
namespace {

constexpr std::uint8_t kKrbErrorTag = 0x7e;

// Errors that a KDC answers only for a client that it has. S4U2Self will say what they mean for the user.
bool says_client_is_here(KrbErrc code) {
  switch (code) {
    case KrbErrc::KDC_ERR_PREAUTH_REQUIRED:
    case KrbErrc::KDC_ERR_PREAUTH_FAILED:
    case KrbErrc::KDC_ERR_CLIENT_REVOKED:
    case KrbErrc::KDC_ERR_CLIENT_NOTYET:
    case KrbErrc::KDC_ERR_KEY_EXPIRED:
    case KrbErrc::KDC_ERR_NAME_EXP:
    case KrbErrc::KDC_ERR_NULL_KEY:
    case KrbErrc::KDC_ERR_ETYPE_NOSUPP:
    case KrbErrc::KDC_ERR_MORE_PREAUTH_DATA_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string UserName::before_suffix() const {
  return suffix.empty() ? account : account.substr(0, account.size() - suffix.size() - 1);
}

Result<UserName> parse_user_name(std::string_view text) {
  UserName out;
  const auto bad = make_error_code(WireErrc::bad_value);
  if (const auto slash = text.find('\\'); slash != std::string_view::npos) {
    out.domain = text.substr(0, slash);
    out.account = text.substr(slash + 1);
    if (out.domain.empty() || out.account.empty() || out.account.find('\\') != std::string::npos) return bad;
    return out;
  }
  out.account = text;
  if (out.account.empty()) return bad;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    out.suffix = text.substr(at + 1);
    if (at == 0 || out.suffix.empty()) return bad;
  }
  return out;
}

UserRealmSearch::UserRealmSearch(ExchangeContext& context, std::string home, std::string enterprise_name,
                                 Buffer certificate)
    : context_(context),
      path_(std::move(home)),
      name_(std::move(enterprise_name)),
      certificate_(std::move(certificate)) {}

Action UserRealmSearch::start() {
  return send();
}

Action UserRealmSearch::send() {
  const auto& realm = path_.last();
  KdcReq request;
  request.type = MessageType::as_req;
  request.body.options = kdc_option::canonicalize | kdc_option::forwardable;
  if (certificate_.empty()) {
    request.body.cname = enterprise_name(name_);
  } else {
    // As Windows does it: an empty X.500 name, and the bare certificate in place of a PA-S4U-X509-USER.
    request.body.cname = PrincipalName{NameType::x500, {""}};
    request.padata.push_back({PaType::s4u_x509_user, certificate_});
  }
  request.body.realm = realm;
  request.body.sname = krbtgt_name(realm);
  request.body.till = std::chrono::floor<std::chrono::seconds>(context_.now_at(realm)) + std::chrono::hours(1);
  request.body.nonce = random_nonce();
  request.body.etypes = context_.etypes;
  SendToKdc out;
  out.exchange = ExchangeKind::as;
  out.realm = realm;
  out.request = encode(request);
  out.detail = certificate_.empty() ? "the realm of " + name_ : "the realm of the certificate's owner";
  return out;
}

Action UserRealmSearch::on_reply(const Reply& reply) {
  const auto& asked = path_.last();
  if (!reply.bytes) {
    answer_ = {AnswerKind::timeout};
    return unreachable(reply.bytes.error(), Stage::user_realm, asked);
  }
  const auto& bytes = *reply.bytes;
  if (bytes.empty() || bytes[0] != kKrbErrorTag) {
    // The account needs no preauthentication. The ticket is useless without the password.
    const auto decoded = decode_kdc_rep(bytes);
    if (!decoded) {
      answer_ = {AnswerKind::rejected};
      return rejected(decoded.error(), Stage::user_realm, asked, reply.from,
                      "the reply is no AS-REP: " + decoded.error().message());
    }
    answer_ = {AnswerKind::ticket};
    realm_ = decoded->crealm;
    return Finished{};
  }
  const auto error = decode_krb_error(bytes);
  if (!error) {
    answer_ = {AnswerKind::rejected};
    return rejected(error.error(), Stage::user_realm, asked, reply.from,
                    "the reply is no KRB-ERROR: " + error.error().message());
  }
  answer_ = answer_of(*error);
  if (error->code == KrbErrc::KDC_ERR_WRONG_REALM && !error->crealm.empty()) {
    if (!path_.enter(error->crealm)) {
      return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), Stage::user_realm, asked, reply.from,
                      "the referrals go in a circle or too far: " + asked + " refers to " + error->crealm);
    }
    return send();
  }
  if (error->code == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN) return Finished{};
  if (says_client_is_here(error->code)) {
    realm_ = asked;
    return Finished{};
  }
  return refusal_of(*error, Stage::user_realm, asked, reply.from);
}

}  // namespace stead
