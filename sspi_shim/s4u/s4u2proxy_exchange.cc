#include "sspi_shim/s4u/s4u2proxy_exchange.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/error.hpp>
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/name_case.h"

namespace stead {
namespace {

// "backend.corp.contoso.com" of HTTP/backend.corp.contoso.com:8080; empty where the SPN has no host.
std::string host_of(const PrincipalName& service) {
  if (service.components.size() < 2) return {};
  const auto& host = service.components[1];
  return host.substr(0, host.find(':'));
}

}  // namespace

S4u2ProxyExchange::S4u2ProxyExchange(ExchangeContext& context, Wanted wanted)
    : context_(context),
      wanted_(std::move(wanted)),
      home_(wanted_.tgt->tgt_realm()),
      proxy_path_(home_),
      target_(wanted_.target) {}

std::string S4u2ProxyExchange::what() const {
  return to_string(wanted_.service.name) + " for " + to_string(wanted_.user);
}

TgsQuestion S4u2ProxyExchange::delegation_question(CredentialPtr header, TicketRef additional) const {
  TgsQuestion out;
  out.header = std::move(header);
  out.sname = wanted_.service.name;
  out.options = kdc_option::cname_in_addl_tkt | kdc_option::canonicalize | kdc_option::forwardable;
  out.additional_ticket = std::move(additional);
  out.pac_options = pac_option::resource_based_constrained_delegation;
  return out;
}

Action S4u2ProxyExchange::start() {
  return ask_first();
}

// Step 1.
Action S4u2ProxyExchange::ask_first() {
  part_of_way_ = Part::first;
  part_ = std::make_unique<TgsRequest>(
      context_, delegation_question(wanted_.tgt, wanted_.evidence),
      TgsRequest::Mode{
          .stage = Stage::s4u2proxy, .exchange = ExchangeKind::s4u2proxy, .detail = what(), .delegation = true});
  return part_->start();
}

Action S4u2ProxyExchange::on_reply(const Reply& reply) {
  from_ = reply.from;
  auto action = part_->on_reply(reply);
  answer_ = part_->answer();
  return follow(std::move(action));
}

Action S4u2ProxyExchange::on_located(const Located& located) {
  if (part_of_way_ != Part::locate) return follow(part_->on_located(located));
  located_ = located;
  if (!located.usable.empty()) return ask_last();
  if (!all_are_older(located.seen))
    return capable_dc_unreachable(boost::asio::error::timed_out, Stage::target, target_->realm, located.seen);
  Refusal out;
  out.error = make_error_code(KrbErrc::KDC_ERR_POLICY);
  out.stage = Stage::target;
  out.realm = target_->realm;
  out.no_capable_dc = out.cross_realm = true;
  out.status = NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE;
  out.seen = located.seen;
  return out;
}

Action S4u2ProxyExchange::follow(Action action) {
  if (std::holds_alternative<Finished>(action)) return next();
  auto* refusal = std::get_if<Refusal>(&action);
  if (!refusal) return action;
  if (part_of_way_ == Part::where) {
    // No KDC knows the target, or none answers: the first refusal stands.
    return *refusal_;
  }
  if (refusal->no_capable_dc) {
    if (part_of_way_ == Part::first && !target_) {
      refusal_ = *refusal;
      return ask_where();
    }
    refusal->cross_realm = true;
    refusal->status = NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE;
  }
  if (part_of_way_ != Part::first) refusal->cross_realm = true;
  return action;
}

Action S4u2ProxyExchange::next() {
  switch (part_of_way_) {
    case Part::first:
      return take_first(static_cast<TgsRequest&>(*part_).result());
    case Part::where: {
      // A referral says that the target is in another realm: only a 2012-level DC can delegate to it.
      const auto& answer = static_cast<TgsRequest&>(*part_).result();
      if (!answer.referral().empty()) {
        refusal_->cross_realm = true;
        refusal_->status = NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE;
        if (names_home(answer.referral())) target_ = KnownTarget{answer.referral(), answer.credential};
      }
      return *refusal_;
    }
    case Part::own_walk: {
      const auto& walk = static_cast<ReferralWalk&>(*part_);
      target_ = KnownTarget{walk.last_tgt()->tgt_realm(), walk.last_tgt(), walk.ticket() != nullptr};
      if (equal_ignoring_case(target_->realm, home_)) {
        auto out = rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::own_referral, home_, from_,
                            "one answer refers the target to another realm, the next one has it in this");
        target_.reset();
        return out;
      }
      return walk_proxy();
    }
    case Part::proxy_walk:
      proxy_tgt_ = static_cast<ReferralWalk&>(*part_).ticket();
      return locate_target();
    case Part::last:
      return take_last(static_cast<TgsRequest&>(*part_).result());
    case Part::locate:
      break;
  }
  return Machine::on_level(DcLevel::unknown);
}

// Step 2.
Action S4u2ProxyExchange::take_first(const TgsAnswer& answer) {
  const auto referral = answer.referral();
  if (referral.empty()) {
    target_.reset();
    return finish(answer, Stage::s4u2proxy);
  }
  if ((answer.pac_options & pac_option::resource_based_constrained_delegation) == 0) {
    // An ordinary referral TGT: the user is not in it.
    auto out = rejected(make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP), Stage::s4u2proxy, home_, from_,
                        "the KDC refers to " + referral + " without knowing resource-based delegation");
    out.kind = FailureKind::refused;
    return out;
  }
  if (!proxy_path_.enter(referral)) {
    return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), Stage::s4u2proxy, home_, from_,
                    home_ + " refers to itself");
  }
  proxy_tgt_ = answer.credential;
  return target_ ? walk_proxy() : walk_own(wanted_.tgt);
}

// True if the SPN's host is directly in the realm's DNS domain. Then the target is most likely there.
bool S4u2ProxyExchange::names_home(const std::string& realm) const {
  const auto host = host_of(wanted_.service.name);
  const auto dot = host.find('.');
  return dot != std::string::npos && equal_ignoring_case(host.substr(dot + 1), realm);
}

// Steps 3 to 6, further where the path is longer.
Action S4u2ProxyExchange::walk_own(CredentialPtr from) {
  part_of_way_ = Part::own_walk;
  ReferralWalk::Mode mode;
  mode.stage = Stage::own_referral;
  mode.detail = to_string(wanted_.service.name) + " for ourselves";
  mode.first = from_;  // the KDC that referred
  if (!wanted_.own_service_ticket) mode.ends_at = [this](const std::string& realm) { return names_home(realm); };
  part_ = std::make_unique<ReferralWalk>(context_, std::move(from), wanted_.service.name, std::move(mode));
  return part_->start();
}

// With no 2012-level DC at home: does the target live elsewhere?
Action S4u2ProxyExchange::ask_where() {
  part_of_way_ = Part::where;
  TgsQuestion question;
  question.header = wanted_.tgt;
  question.sname = wanted_.service.name;
  part_ = std::make_unique<TgsRequest>(
      context_, std::move(question),
      TgsRequest::Mode{.stage = Stage::own_referral, .detail = to_string(wanted_.service.name) + " for ourselves"});
  return part_->start();
}

Action S4u2ProxyExchange::walk_proxy() {
  if (equal_ignoring_case(proxy_tgt_->tgt_realm(), target_->realm)) return locate_target();
  part_of_way_ = Part::proxy_walk;
  ReferralWalk::Mode mode;
  mode.stage = Stage::proxy_referral;
  mode.detail = "krbtgt/" + target_->realm + " with the S4U referral TGT for " + to_string(wanted_.user);
  mode.delegation = true;
  part_ = std::make_unique<ReferralWalk>(context_, proxy_tgt_, krbtgt_name(target_->realm), std::move(mode));
  return part_->start();
}

Action S4u2ProxyExchange::locate_target() {
  part_of_way_ = Part::locate;
  return LocateDc{.realm = target_->realm};
}

// Step 7.
Action S4u2ProxyExchange::ask_last() {
  part_of_way_ = Part::last;
  TgsRequest::Mode mode{.stage = Stage::target,
                        .exchange = ExchangeKind::s4u2proxy,
                        .detail = what(),
                        .delegation = true,
                        .to = located_.usable,
                        .seen = located_.seen};
  part_ =
      std::make_unique<TgsRequest>(context_, delegation_question(target_->tgt, ticket_of(proxy_tgt_)), std::move(mode));
  return part_->start();
}

// Step 8.
Action S4u2ProxyExchange::take_last(const TgsAnswer& answer) {
  const auto referral = answer.referral();
  if (referral.empty()) {
    target_->confirmed = true;
    return finish(answer, Stage::target);
  }
  // The target lives further on than its name, or an earlier walk, said: both TGTs go on from here.
  const auto here = target_->realm;
  (void)proxy_path_.enter(here);
  if ((answer.pac_options & pac_option::resource_based_constrained_delegation) == 0 || !proxy_path_.enter(referral)) {
    return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), Stage::target, here, from_,
                    "the referrals go in a circle or too far: " + here + " refers to " + referral);
  }
  proxy_tgt_ = answer.credential;
  return walk_own(target_->tgt);
}

Action S4u2ProxyExchange::finish(const TgsAnswer& answer, Stage stage) {
  const auto& credential = answer.credential;
  const auto realm = stage == Stage::target ? target_->realm : home_;
  // A KDC without S4U answers with a ticket in our own name.
  if (!equal_names(to_string(credential->client), to_string(wanted_.user.name)) ||
      !equal_ignoring_case(credential->client_realm, wanted_.user.realm)) {
    answer_ = {AnswerKind::rejected};
    return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), stage, realm, from_,
                    "the ticket is for " + to_string(credential->client, credential->client_realm) + ", not for " +
                        to_string(wanted_.user));
  }
  if (!wanted_.service.realm.empty() && !equal_ignoring_case(wanted_.service.realm, credential->service_realm)) {
    auto out = rejected(make_error_code(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN), stage, realm, from_,
                        "the service lives in " + credential->service_realm + ", not in " + wanted_.service.realm);
    out.kind = FailureKind::refused;
    return out;
  }
  ticket_ = credential;
  return Finished{};
}

}  // namespace stead
