#include "sspi_shim/s4u/s4u2self_exchange.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/name_case.h"

namespace stead {
namespace {

// Other realms know the service by an enterprise name, service@REALM; its own realm by its real name.
PrincipalName name_abroad(const Principal& service) {
  return enterprise_name(unescaped_text(service.name) + "@" + service.realm);
}

bool same_ignoring_case(const Principal& a, const Principal& b) {
  return equal_names(to_string(a.name), to_string(b.name)) && equal_ignoring_case(a.realm, b.realm);
}

S4uSubject::Form form_for(const S4u2SelfExchange::Wanted& wanted) {
  using enum PaForUserUse;
  if (!wanted.certificate.empty() || !wanted.user || wanted.pa_for_user == never) return S4uSubject::Form::x509_user;
  return wanted.pa_for_user == always ? S4uSubject::Form::for_user : S4uSubject::Form::both;
}

}  // namespace

std::string unescaped_text(const PrincipalName& name) {
  std::string out;
  for (const std::string& component : name.components) out += (out.empty() ? "" : "/") + component;
  return out;
}

S4u2SelfExchange::S4u2SelfExchange(ExchangeContext& context, Wanted wanted)
    : context_(context),
      wanted_(std::move(wanted)),
      path_(wanted_.tgt->tgt_realm()),
      form_(form_for(wanted_)),
      header_(wanted_.tgt) {
  if (wanted_.user) user_.name = *wanted_.user;
  user_.realm = wanted_.user_realm;
}

Action S4u2SelfExchange::start() {
  return ask();
}

Action S4u2SelfExchange::ask() {
  TgsQuestion question;
  question.header = header_;
  question.sname = at_home() ? wanted_.service.name : name_abroad(wanted_.service);
  question.options = kdc_option::canonicalize | kdc_option::forwardable;
  question.pac_options = pac_option::claims | pac_option::resource_based_constrained_delegation;
  S4uSubject subject;
  subject.realm = user_.realm;
  subject.form = form_;
  subject.options = wanted_.options;
  if (!user_.name.empty()) subject.name = user_.name;
  if (!canonical_) subject.certificate = wanted_.certificate;
  question.subject = std::move(subject);
  request_ = std::make_unique<TgsRequest>(
      context_, std::move(question),
      TgsRequest::Mode{.stage = Stage::s4u2self, .exchange = ExchangeKind::s4u2self, .detail = wanted_.detail});
  return request_->start();
}

Action S4u2SelfExchange::on_reply(const Reply& reply) {
  auto action = request_->on_reply(reply);
  answer_ = request_->answer();
  if (!std::holds_alternative<Finished>(action)) return action;
  return take(request_->result(), reply.from);
}

Refusal S4u2SelfExchange::wrong(const KnownController& from, std::string what) const {
  return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::s4u2self, path_.last(), from, std::move(what));
}

Refusal S4u2SelfExchange::unsupported(const KnownController& from, std::string what) {
  answer_ = {AnswerKind::rejected};
  auto refusal = rejected(make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP), Stage::s4u2self, path_.last(), from,
                          std::move(what));
  refusal.kind = FailureKind::refused;
  return refusal;
}

// The user of a valid PA-S4U-X509-USER in a reply.
std::optional<Refusal> S4u2SelfExchange::adopt(const S4uUserId& echoed, const KnownController& from) {
  const Principal named{*echoed.cname, echoed.crealm};
  if (!canonical_) {
    user_ = named;
    canonical_ = true;
  } else if (!same_ignoring_case(named, user_)) {
    answer_ = {AnswerKind::rejected};
    return wrong(from, "the user's name changed on the way from " + to_string(user_) + " to " + to_string(named));
  }
  return std::nullopt;
}

// The KDC does not know PA-S4U-X509-USER. What only that can carry was not seen.
std::optional<Refusal> S4u2SelfExchange::judge_unnamed(const TgsAnswer& answer, const KnownController& from) {
  const Principal named{answer.credential->client, answer.credential->client_realm};
  const bool is_ours = same_ignoring_case(named, {wanted_.tgt->client, wanted_.tgt->client_realm});
  if (!wanted_.certificate.empty() || user_.name.empty())
    return unsupported(from, "the reply lacks PA-S4U-X509-USER: the KDC does not know users by certificate");
  if (form_ == S4uSubject::Form::x509_user)
    return unsupported(from, "the reply lacks PA-S4U-X509-USER, and pa_for_user = false");
  if (wanted_.options != 0)
    return unsupported(from, "the reply lacks PA-S4U-X509-USER: the KDC does not check logon hours");
  if (answer.referral().empty() && is_ours)
    return unsupported(from, "the ticket is in our own name: the KDC knows neither PA-S4U-X509-USER nor PA-FOR-USER");
  return std::nullopt;
}

// The name of the ticket to us. Without an echo, a plain name must come back as it was; for a UPN the KDC decides.
std::optional<Refusal> S4u2SelfExchange::judge_name(const Principal& named, const KnownController& from) {
  bool fits = false;
  if (canonical_) {
    fits = same_ignoring_case(named, user_);
  } else {
    const bool realm_fits = equal_ignoring_case(named.realm, wanted_.user_realm) ||
                            equal_ignoring_case(named.realm, wanted_.tgt->tgt_realm());
    fits = realm_fits &&
           (user_.name.type == NameType::enterprise || equal_names(to_string(named.name), to_string(user_.name)));
  }
  if (fits) return std::nullopt;
  answer_ = {AnswerKind::rejected};
  return wrong(from, "the ticket is for " + to_string(named) + ", not for " + to_string(user_));
}

Action S4u2SelfExchange::take(const TgsAnswer& answer, const KnownController& from) {
  std::optional<Refusal> fault;
  if (answer.user_id)
    fault = adopt(*answer.user_id, from);
  else
    fault = judge_unnamed(answer, from);
  if (fault) return std::move(*fault);
  const auto& credential = answer.credential;
  const auto next = answer.referral();
  if (!next.empty()) {
    if (!path_.enter(next)) {
      return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), Stage::s4u2self, path_.last(), from,
                      "the referrals go in a circle or too far: " + path_.last() + " refers to " + next);
    }
    header_ = credential;
    return ask();
  }
  const Principal named{credential->client, credential->client_realm};
  if (auto wrong_name = judge_name(named, from)) return std::move(*wrong_name);
  user_ = named;
  evidence_ = credential;
  return Finished{};
}

std::string S4u2SelfExchange::unconfirmed_upn() const {
  const bool is_upn = wanted_.user && wanted_.user->type == NameType::enterprise;
  return is_upn && !canonical_ && wanted_.pa_for_user != PaForUserUse::always ? wanted_.user->components.at(0)
                                                                              : std::string();
}

}  // namespace stead
