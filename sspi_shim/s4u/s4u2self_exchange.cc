#include "sspi_shim/s4u/s4u2self_exchange.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "sspi_shim/base/text.h"

namespace stead {
namespace {

// Other realms know the service by an enterprise name, service@REALM; its own realm by its real name.
PrincipalName name_abroad(const Principal& service) {
  return enterprise_name(unescaped_text(service.name) + "@" + service.realm);
}

bool same_ignoring_case(const PrincipalName& a, const PrincipalName& b) {
  return equal_ignoring_case(to_string(a), to_string(b));
}

}  // namespace

std::string unescaped_text(const PrincipalName& name) {
  std::string out;
  for (const std::string& component : name.components) out += (out.empty() ? "" : "/") + component;
  return out;
}

S4u2SelfExchange::S4u2SelfExchange(ExchangeContext& context, Wanted wanted)
    : context_(context), wanted_(std::move(wanted)), path_(wanted_.tgt->tgt_realm()), header_(wanted_.tgt) {
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

// The KDC does not know PA-S4U-X509-USER: its ticket is in our own name, and useless.
Action S4u2SelfExchange::without_x509_user(const KnownController& from) {
  if (wanted_.pa_for_user && !user_.name.empty() && !canonical_ && wanted_.certificate.empty()) {
    form_ = S4uSubject::Form::for_user;
    return ask();
  }
  answer_ = {AnswerKind::rejected};
  auto refusal =
      rejected(make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP), Stage::s4u2self, path_.last(), from,
               "the reply lacks PA-S4U-X509-USER; a KDC that knows PA-FOR-USER only needs pa_for_user = true");
  refusal.kind = FailureKind::refused;
  return refusal;
}

Action S4u2SelfExchange::take(const TgsAnswer& answer, const KnownController& from) {
  if (form_ == S4uSubject::Form::x509_user) {
    if (!answer.user_id) return without_x509_user(from);
    const Principal named{*answer.user_id->cname, answer.user_id->crealm};
    if (!canonical_) {
      user_ = named;
      canonical_ = true;
    } else if (!same_ignoring_case(named.name, user_.name) || !equal_ignoring_case(named.realm, user_.realm)) {
      answer_ = {AnswerKind::rejected};
      return wrong(from, "the user's name changed on the way from " + to_string(user_) + " to " + to_string(named));
    }
  }
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
  if (canonical_) {
    if (!same_ignoring_case(named.name, user_.name) || !equal_ignoring_case(named.realm, user_.realm)) {
      answer_ = {AnswerKind::rejected};
      return wrong(from, "the ticket is for " + to_string(named) + ", not for " + to_string(user_));
    }
  } else {
    // PA-FOR-USER is not echoed in the reply. A plain name must come back as it was; for an enterprise name the KDC
    // decides. Our own name is what a KDC without S4U answers, and is rejected.
    const bool enterprise = user_.name.type == NameType::enterprise;
    const bool ourselves = same_ignoring_case(named.name, wanted_.tgt->client) &&
                           equal_ignoring_case(named.realm, wanted_.tgt->client_realm);
    if (ourselves || (!enterprise && !same_ignoring_case(named.name, user_.name))) {
      answer_ = {AnswerKind::rejected};
      return wrong(from, "the ticket is for " + to_string(named) + ": the KDC does not know S4U2Self");
    }
  }
  user_ = named;
  evidence_ = credential;
  return Finished{};
}

}  // namespace stead
