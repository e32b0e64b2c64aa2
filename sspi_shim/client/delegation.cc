#include "sspi_shim/client/delegation.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/base/text_time.h"
#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/krb5/proxy_credential.h"
#include "sspi_shim/s4u/referral_walk.h"

namespace stead {
namespace {

TicketPtr issued(CredentialPtr credential, Trace trace, std::string client, std::string service) {
  trace.client = std::move(client);
  trace.service = std::move(service);
  trace.granted = true;
  trace.end_time = rfc3339(credential->endtime);
  return std::make_shared<IssuedTicket>(std::move(credential), std::move(trace));
}

std::string service_of(const Credential& ticket) {
  return to_string(ticket.service, ticket.service_realm);
}

// True if a DC that knows RBCD refused to delegate. It has the target in its own domain: else it would have referred.
bool is_refused_at_home(const Refusal& refusal) {
  return refusal.stage == Stage::s4u2proxy && refusal.error == KrbErrc::KDC_ERR_BADOPTION &&
         refusal.by.level >= DcLevel::w2012 && refusal.status == NtStatus::STATUS_NOT_FOUND;
}

}  // namespace

Delegation::Delegation(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets,
                       std::shared_ptr<ProtocolTransition> transition)
    : context_(std::move(context)), tickets_(std::move(tickets)), transition_(std::move(transition)) {}

ClassifiedFailure Delegation::failed(const Refusal& refusal, const Call& call) const {
  return failure_of(refusal, call, context_->own_account);
}

// The trace begins with the steps that gave the evidence.
CallPtr Delegation::new_call(const Identity& identity, const Principal& service, Freshness freshness) const {
  auto call = context_->new_call();
  call->freshness = freshness;
  call->trace.steps = identity.trace().steps;
  call->reported = call->trace.steps.size();
  call->about.user = identity.principal();
  call->about.service = to_string(service.name);
  call->about.target_realm = service.realm;
  call->about.by_s4u2self = identity.by_s4u2self();
  call->about.have_evidence = true;
  call->about.forwardable = identity.state().forwardable;
  call->about.sensitive = identity.state().sensitive;
  return call;
}

bool Delegation::must_renew(const Identity& identity, Freshness freshness) const {
  const auto& evidence = identity.state().to_ourselves;
  const bool ending =
      std::chrono::system_clock::time_point(identity.end_time()) < context_->exchange.now() + kTicketReserve;
  // An application may keep an Identity longer than an answer of the KDC holds.
  const auto life = context_->options.ticket_life;
  const auto obtained = identity.state().obtained;
  const bool outlived =
      life.count() != 0 && obtained.time_since_epoch().count() != 0 && obtained + life <= context_->exchange.now();
  return ending || outlived || (freshness == Freshness::renewed && evidence && tickets_->is_aged(*evidence));
}

Awaitable<Fetched<TicketPtr>> Delegation::fetch(Identity identity, Principal service, Freshness freshness) {
  auto call = new_call(identity, service, freshness);
  if (identity.state().forwarded_tgt) {
    OrRefusal<TicketPtr> own = co_await by_own_tgt(call, identity, service);
    if (own) co_return std::move(*own);
    // The TGT of self() is one of our own tickets: the next self() must get another.
    if (identity.state().user == context_->self && is_stale_ticket(own.error())) tickets_->drop_all();
    co_return failed(own.error(), *call);
  }
  const bool had_tickets = tickets_->any();
  if (!identity.by_s4u2self() || !must_renew(identity, freshness)) {
    OrRefusal<TicketPtr> got = co_await by_evidence(call, identity, service);
    if (got) co_return std::move(*got);
    if (!had_tickets || !is_stale_ticket(got.error())) co_return failed(got.error(), *call);
    tickets_->drop_all();
  }
  if (identity.by_s4u2self()) {
    // g++ 12 destroys a braced temporary of a co_await expression twice, hence the variable.
    UserPlace place{identity.state().user.name, identity.state().user.realm, false};
    OrRefusal<Identity> again = co_await transition_->evidence_for(call, std::move(place), Buffer());
    if (!again) co_return failed(again.error(), *call);
    identity = std::move(*again);
  }
  OrRefusal<TicketPtr> got = co_await by_evidence(call, identity, service);
  if (!got) co_return failed(got.error(), *call);
  co_return std::move(*got);
}

Awaitable<OrRefusal<TicketPtr>> Delegation::by_evidence(CallPtr call, Identity identity, Principal service) {
  const auto& state = identity.state();
  const Principal& self = context_->self;
  const bool our_realm = service.realm.empty() || equal_ignoring_case(service.realm, self.realm);
  const bool to_ourselves = our_realm && equal_ignoring_case(to_string(service.name), to_string(self.name));
  // The ticket to this service is the one that S4U2Self gave.
  if (to_ourselves && state.to_ourselves)
    co_return issued(state.to_ourselves, call->trace, to_string(state.user), to_string(self));
  OrRefusal<CredentialPtr> tgt = co_await tickets_->own_tgt(call);
  if (!tgt) co_return tgt.error();
  S4u2ProxyExchange::Wanted wanted;
  wanted.tgt = *tgt;
  wanted.evidence = state.evidence;
  wanted.user = state.user;
  wanted.service = service;
  wanted.own_service_ticket = context_->options.own_service_ticket;
  wanted.target = tickets_->target(service, *call);
  S4u2ProxyExchange exchange(context_->exchange, std::move(wanted));
  std::optional<Refusal> refusal = co_await context_->driver.run(exchange, call);
  if (exchange.target()) call->about.target_realm = exchange.target()->realm;
  if (refusal) {
    tickets_->forget_target(service);
    if (call->about.target_realm.empty() && is_refused_at_home(*refusal)) call->about.target_realm = self.realm;
    co_return std::move(*refusal);
  }
  if (exchange.target()) tickets_->remember_target(service, *exchange.target());
  const auto& ticket = *exchange.ticket();
  co_return issued(exchange.ticket(), std::move(call->trace), to_string(ticket.client, ticket.client_realm),
                   service_of(ticket));
}

// What the user would do with the TGT (unconstrained delegation, a password, or this service itself): no S4U.
Awaitable<OrRefusal<TicketPtr>> Delegation::by_own_tgt(CallPtr call, Identity identity, Principal service) {
  const auto& state = identity.state();
  CredentialPtr tgt = state.forwarded_tgt;
  if (!service.realm.empty() && !equal_ignoring_case(service.realm, tgt->tgt_realm())) {
    ReferralWalk there(context_->exchange, tgt, krbtgt_name(service.realm),
                       {Stage::as_user, "a TGT for " + service.realm + " as " + to_string(state.user)});
    std::optional<Refusal> refusal = co_await context_->driver.run(there, call);
    if (refusal) co_return std::move(*refusal);
    tgt = there.ticket();
  }
  ReferralWalk walk(context_->exchange, tgt, service.name,
                    {Stage::as_user, to_string(service.name) + " as " + to_string(state.user) + ", with their TGT"});
  std::optional<Refusal> refusal = co_await context_->driver.run(walk, call);
  if (refusal) co_return std::move(*refusal);
  const auto& ticket = *walk.ticket();
  if (!(ticket.client == state.user.name) || ticket.client_realm != state.user.realm) {
    co_return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::as_user, ticket.service_realm, {},
                       "the ticket is in the name of " + to_string(ticket.client, ticket.client_realm));
  }
  co_return issued(walk.ticket(), std::move(call->trace), to_string(state.user), service_of(ticket));
}

Awaitable<Fetched<ProxyCredentialPtr>> Delegation::proxy_credential(Identity identity) {
  auto evidence = evidence_credential(identity.state());
  if (!evidence) {
    ClassifiedFailure none{
        not_permitted("the session key of the evidence of " + identity.principal() + " is of a type we do not have")};
    co_return none;
  }
  auto call = context_->new_call();
  call->about.user = identity.principal();
  OrRefusal<CredentialPtr> tgt = co_await tickets_->own_tgt(call);
  if (!tgt) co_return failed(tgt.error(), *call);
  co_return ProxyCredentialPtr(std::make_shared<const IssuedProxyCredential>(std::move(*evidence), *tgt));
}

}  // namespace stead
