#include "sspi_shim/client/protocol_transition.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/protocol/types/name_case.h"
#include "sspi_shim/s4u/own_ticket_check.h"
#include "sspi_shim/s4u/s4u2self_exchange.h"

namespace stead {
namespace {

Refusal not_a_user(const std::string& realm) {
  Refusal out = rejected(make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP), Stage::s4u2self, realm, {},
                         "a service is not delegated to itself");
  out.kind = FailureKind::unusable;
  return out;
}

// A UPN's suffix was taken for a realm, and no such realm exists: the user is unknown.
Refusal as_unknown_user(Refusal refusal) {
  refusal.error = make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  refusal.status.reset();
  refusal.stage = Stage::user_realm;
  return refusal;
}

}  // namespace

ProtocolTransition::ProtocolTransition(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets,
                                       std::shared_ptr<UserFinder> finder)
    : context_(std::move(context)), tickets_(std::move(tickets)), finder_(std::move(finder)) {}

// By an SPN of ours or by the name of our account.
bool ProtocolTransition::is_ourselves(const PrincipalName& name, const std::string& realm) const {
  const Principal& self = context_->self;
  if (!equal_ignoring_case(realm, self.realm)) return false;
  std::string text = unescaped_text(name);
  if (const auto at = text.rfind('@'); name.type == NameType::enterprise && at != std::string::npos) text.erase(at);
  const std::string& account = context_->own_account;
  return equal_names(text, unescaped_text(self.name)) || (!account.empty() && equal_names(text, account));
}

// The reply's cleartext is no proof. The evidence is sealed with our key, by the KDC alone.
OrRefusal<OpenedTicket> ProtocolTransition::open_evidence(const S4u2SelfExchange& exchange) {
  const Credential& evidence = *exchange.evidence();
  const auto refuse = [&](KrbErrc error, std::string what) {
    return rejected(make_error_code(error), Stage::s4u2self, context_->self.realm, {}, std::move(what));
  };
  auto opened = context_->keys.open(evidence.ticket);
  if (!opened && opened.error() != WireErrc::integrity)
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the evidence does not decode: " + opened.error().message());
  if (!opened) return refuse(KrbErrc::KRB_AP_ERR_BADKEYVER, unopened_ticket_text(evidence.ticket));
  if (const auto fault = fault_of_own_ticket(evidence, opened->part, context_->own_ticket_rules()))
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, *fault);
  const std::string upn = exchange.unconfirmed_upn();
  if (!upn.empty() && !is_users_upn(opened->part, upn))
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED,
                  "the KDC does not know PA-S4U-X509-USER, and the ticket does not say that " + upn + " is " +
                      to_string(opened->part.cname, opened->part.crealm) + ": pa_for_user = true takes the KDC's word");
  return std::move(*opened);
}

Awaitable<OrRefusal<Identity>> ProtocolTransition::evidence_for(CallPtr call, UserPlace place, Buffer certificate) {
  OrRefusal<CredentialPtr> tgt = co_await tickets_->tgt_for(call, place.realm);
  if (!tgt) {
    const bool no_realm = place.is_guess && tgt.error().error == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN;
    if (no_realm) co_return as_unknown_user(tgt.error());
    co_return tgt.error();
  }
  const Principal& self = context_->self;
  if (place.name && is_ourselves(*place.name, place.realm)) co_return not_a_user(self.realm);
  S4u2SelfExchange::Wanted wanted;
  wanted.tgt = *tgt;
  wanted.service = self;
  wanted.user = place.name;
  wanted.user_realm = place.realm;
  wanted.certificate = std::move(certificate);
  wanted.pa_for_user = context_->options.pa_for_user;
  if (call->check_logon_hours) wanted.options = s4u_option::check_logon_hours;
  wanted.detail = to_string(self.name) + " for " + call->about.user;
  S4u2SelfExchange exchange(context_->exchange, std::move(wanted));
  std::optional<Refusal> refusal = co_await context_->driver.run(exchange, call);
  if (refusal) co_return std::move(*refusal);
  OrRefusal<OpenedTicket> opened = open_evidence(exchange);
  if (!opened) co_return opened.error();
  if (is_ourselves(opened->part.cname, opened->part.crealm)) co_return not_a_user(self.realm);
  co_return identity_by_s4u2self(exchange.evidence(), std::move(*opened), call->trace, context_->exchange.now());
}

Awaitable<OrRefusal<Identity>> ProtocolTransition::find_and_ask(CallPtr call, UserRequest user) {
  OrRefusal<UserPlace> place = co_await finder_->find(call, user);
  if (!place) co_return place.error();
  if (call->about.user.empty())
    call->about.user = place->name ? to_string(*place->name, place->realm) : "the certificate's owner";
  OrRefusal<Identity> who = co_await evidence_for(call, std::move(*place), std::move(user.certificate));
  co_return who;
}

Awaitable<Fetched<Identity>> ProtocolTransition::fetch(UserRequest user, Freshness freshness, LogonHours hours) {
  auto call = context_->new_call();
  call->freshness = freshness;
  call->check_logon_hours = hours == LogonHours::checked;
  call->about.by_certificate = !user.certificate.empty();
  std::string& name = call->about.user;
  name = user.certificate.empty() ? user.name : user.hints.name;
  const bool bare = !name.empty() && name.find_first_of("@\\") == std::string::npos;
  if (bare) name += "@" + (user.hints.domain.empty() ? context_->self.realm : user.hints.domain);
  const bool had_tickets = tickets_->any();
  OrRefusal<Identity> who = co_await find_and_ask(call, user);
  if (!who && had_tickets && is_stale_ticket(who.error())) {
    tickets_->drop_all();
    who = co_await find_and_ask(call, user);
  }
  if (!who) co_return failure_of(who.error(), *call, context_->own_account);
  co_return std::move(*who);
}

}  // namespace stead
