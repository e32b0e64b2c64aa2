// The order of a client's exchanges: own TGT, S4U2Self in the user's realm, S4U2Proxy. Where a user lives is in
// client_users.cc.
#include <boost/asio/error.hpp>

#include "sspi_shim/base/text_time.h"
#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/s4u/as_exchange.h"
#include "sspi_shim/s4u/s4u2self_exchange.h"

namespace stead {
namespace {

constexpr std::chrono::minutes kEarly{5};
constexpr std::chrono::seconds kRenewAgain{60};
constexpr std::size_t kTargets = 10000;

// A client's name in an AS-REQ: a plain principal, whatever its components (as ktpass maps an SPN).
Principal as_client(Principal name) {
  name.name.type = NameType::principal;
  return name;
}

// The keytab's key is not, or no longer, the account's.
bool is_about_the_key(const Error& error) {
  return error == KrbErrc::KDC_ERR_PREAUTH_FAILED || error == KrbErrc::KDC_ERR_ETYPE_NOSUPP ||
         error == KrbErrc::KRB_AP_ERR_BAD_INTEGRITY;
}

}  // namespace

bool S4uClient::fresh(const Credential& tgt) const {
  return std::chrono::system_clock::time_point(tgt.endtime) -
             std::chrono::duration_cast<std::chrono::system_clock::duration>(tgt.clock_offset) >
         context_.now() + kEarly;
}

bool S4uClient::aged(Time start, Time end) const {
  return context_.now() >=
         std::chrono::system_clock::time_point(start) + (std::chrono::system_clock::duration(end - start) / 5) * 4;
}

bool S4uClient::aged(const Credential& tgt) const {
  const auto offset = std::chrono::duration_cast<std::chrono::seconds>(tgt.clock_offset);
  return aged(tgt.starttime - offset, tgt.endtime - offset);
}

// A ticket of ours that was good once: the KDC's keys have changed since, or it has ended early.
bool S4uClient::stale_ticket(const Refusal& refusal) const {
  if (refusal.kind != FailureKind::refused || refusal.stage == Stage::own_tgt) return false;
  return refusal.error == KrbErrc::KRB_AP_ERR_TKT_EXPIRED || refusal.error == KrbErrc::KDC_ERR_TGT_REVOKED ||
         refusal.error == KrbErrc::KRB_AP_ERR_BAD_INTEGRITY || refusal.error == KrbErrc::KRB_AP_ERR_MODIFIED ||
         refusal.error == KrbErrc::KRB_AP_ERR_BADKEYVER || refusal.error == KrbErrc::KRB_AP_ERR_NOKEY;
}

void S4uClient::drop_own_tickets() {
  tgts_.clear();
  targets_.clear();
}

Refusal S4uClient::out_of_time(Stage stage, std::string realm) {
  return unreachable(boost::asio::error::timed_out, stage, std::move(realm));
}

Client::Awaitable<S4uClient::Step<CredentialPtr>> S4uClient::own_tgt(CallPtr call) {
  const auto found = tgts_.find(self_.realm);
  if (found != tgts_.end() && fresh(*found->second)) {
    const CredentialPtr tgt = found->second;
    if (!aged(*tgt) || context_.now() < renew_own_at_) co_return tgt;
    // It is renewed ahead of time: in the background, unless this call wants what lasts longer.
    if (!call->anew) {
      renew_own_at_ = context_.now() + kRenewAgain;
      tgt_flights_.start(self_.realm, options_.request_deadline,
                         [self = shared_from_this(), about = new_call()] { return self->fetch_own_tgt(about); });
      co_return tgt;
    }
  }
  // Many calls may miss it at once: one of them asks, in its own trace; the others wait.
  SingleFlight<Step<CredentialPtr>>::Work work = [self = shared_from_this(), call] {
    return self->fetch_own_tgt(call);
  };
  std::optional<Step<CredentialPtr>> landed =
      co_await tgt_flights_.run(self_.realm, options_.request_deadline, std::move(work));
  if (!landed) co_return out_of_time(Stage::own_tgt, self_.realm);
  co_return std::move(*landed);
}

Client::Awaitable<S4uClient::Step<CredentialPtr>> S4uClient::fetch_own_tgt(CallPtr call) {
  if (own_keys_.all()->empty()) {
    Refusal none = rejected(make_error_code(KrbErrc::KRB_AP_ERR_NOKEY), Stage::own_tgt, self_.realm, {},
                            "this client has no keys of its own");
    none.kind = FailureKind::unusable;
    co_return none;
  }
  for (;;) {
    AsExchange exchange(
        context_, {as_client(self_), *own_keys_.all(), false, Stage::own_tgt, "our own TGT, " + to_string(self_)});
    std::optional<Refusal> refusal = co_await driver_.run(exchange, call);
    if (!refusal) {
      own_account_ = account_of_salt(exchange.salt(), self_.realm);
      tgts_[self_.realm] = exchange.tgt();
      co_return exchange.tgt();
    }
    if (!is_about_the_key(refusal->error) || !own_keys_.look_again()) co_return std::move(*refusal);
  }
}

// Our TGT for another realm, by the chain of trusts.
Client::Awaitable<S4uClient::Step<CredentialPtr>> S4uClient::tgt_for(CallPtr call, std::string realm) {
  if (equal_ignoring_case(realm, self_.realm)) {
    Step<CredentialPtr> own = co_await own_tgt(call);
    co_return own;
  }
  const auto key = to_upper(realm);
  const auto found = tgts_.find(key);
  if (found != tgts_.end() && fresh(*found->second) && !(call->anew && aged(*found->second))) co_return found->second;
  Step<CredentialPtr> own = co_await own_tgt(call);
  if (!own) co_return own.error();
  ReferralWalk walk(context_, *own, krbtgt_name(key), {Stage::user_tgt, "our TGT for " + key});
  std::optional<Refusal> refusal = co_await driver_.run(walk, call);
  if (refusal) co_return std::move(*refusal);
  for (const auto& tgt : walk.tgts()) tgts_[to_upper(tgt->tgt_realm())] = tgt;
  co_return walk.ticket();
}

// By an SPN of ours or our account's name. AD refuses S4U2Self for oneself; and what is asked for in our own name no
// delegation list bounds, so that it is nothing for a caller who only names users.
bool S4uClient::is_ourselves(const PrincipalName& name, const std::string& realm) const {
  if (!equal_ignoring_case(realm, self_.realm)) return false;
  std::string text = unescaped_text(name);
  if (const auto at = text.rfind('@'); name.type == NameType::enterprise && at != std::string::npos) text.erase(at);
  return equal_ignoring_case(text, unescaped_text(self_.name)) ||
         (!own_account_.empty() && equal_ignoring_case(text, own_account_));
}

Refusal S4uClient::no_user() const {
  Refusal out = rejected(make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP), Stage::s4u2self, self_.realm, {},
                         "a service is not delegated to itself");
  out.kind = FailureKind::unusable;
  return out;
}

// S4U2Self.
Client::Awaitable<S4uClient::Step<Identity>> S4uClient::evidence_for(CallPtr call, UserPlace place,
                                                                     Buffer certificate) {
  Step<CredentialPtr> tgt = co_await tgt_for(call, place.realm);
  if (!tgt) {
    // The suffix was taken for a realm, and there is none of that name: nobody knows the user.
    if (place.guessed && tgt.error().error == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN) {
      Refusal unknown = tgt.error();
      unknown.error = make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
      unknown.status.reset();
      unknown.stage = Stage::user_realm;
      co_return unknown;
    }
    co_return tgt.error();
  }
  if (place.name && is_ourselves(*place.name, place.realm)) co_return no_user();
  S4u2SelfExchange::Wanted wanted;
  wanted.tgt = *tgt;
  wanted.service = self_;
  wanted.user = place.name;
  wanted.user_realm = place.realm;
  wanted.certificate = std::move(certificate);
  wanted.pa_for_user = options_.pa_for_user;
  if (call->within_logon_hours) wanted.options = s4u_option::check_logon_hours;
  wanted.detail = to_string(self_.name) + " for " + call->about.user;
  S4u2SelfExchange exchange(context_, std::move(wanted));
  std::optional<Refusal> refusal = co_await driver_.run(exchange, call);
  if (refusal) co_return std::move(*refusal);
  if (is_ourselves(exchange.user().name, exchange.user().realm)) co_return no_user();

  const auto& evidence = *exchange.evidence();
  auto state = std::make_shared<Identity::State>();
  state->user = exchange.user();
  state->evidence = ticket_of(exchange.evidence());
  state->to_ourselves = exchange.evidence();
  state->forwardable = evidence.forwardable();
  state->endtime = evidence.endtime;
  state->cache_key = to_lower(to_string(state->user)) + " s4u2self ";
  if (!state->forwardable) {  // which a sensitive user's never is
    const auto opened = own_keys_.open(evidence.ticket);
    state->sensitive = opened && opened->sensitive;
  }
  state->trace = call->trace;
  state->trace.client = to_string(state->user);
  state->trace.granted = true;
  state->trace.end_time = rfc3339(state->endtime);
  co_return Identity(std::move(state));
}

Client::Awaitable<S4uClient::Step<Identity>> S4uClient::ask_user(CallPtr call, AskedUser asked) {
  UserPlace place;
  if (asked.certificate.empty()) {
    Step<UserPlace> found = co_await place_of(call, asked.name);
    if (!found) co_return found.error();
    place = std::move(*found);
  } else {
    Step<UserPlace> found = co_await place_of_owner(call, asked.certificate, asked.hints);
    if (!found) co_return found.error();
    place = std::move(*found);
  }
  if (call->about.user.empty())
    call->about.user = place.name ? to_string(*place.name, place.realm) : "the certificate's owner";
  Step<Identity> who = co_await evidence_for(call, std::move(place), std::move(asked.certificate));
  co_return who;
}

Client::Awaitable<Outcome<Identity>> S4uClient::fetch_user(AskedUser asked, bool anew, bool within_logon_hours) {
  auto call = new_call();
  call->anew = anew;
  call->within_logon_hours = within_logon_hours;
  call->about.by_certificate = !asked.certificate.empty();
  std::string& user = call->about.user;
  user = asked.certificate.empty() ? asked.name : asked.hints.name;
  const bool bare = !user.empty() && user.find_first_of("@\\") == std::string::npos;
  if (bare) user += "@" + (asked.hints.domain.empty() ? self_.realm : asked.hints.domain);
  const bool had_tickets = !tgts_.empty();
  Step<Identity> who = co_await ask_user(call, asked);
  if (!who && had_tickets && stale_ticket(who.error())) {
    drop_own_tickets();
    who = co_await ask_user(call, asked);
  }
  if (!who) co_return failure(who.error(), *call);
  co_return std::move(*who);
}

// S4U2Proxy; what is asked for ourselves S4U2Self gave already.
Client::Awaitable<S4uClient::Step<TicketPtr>> S4uClient::delegate(CallPtr call, Identity identity, Principal service) {
  const auto& state = identity.state();
  const bool our_realm = service.realm.empty() || equal_ignoring_case(service.realm, self_.realm);
  const bool ourselves = our_realm && equal_ignoring_case(to_string(service.name), to_string(self_.name));
  if (ourselves && state.to_ourselves) {
    call->trace.granted = true;
    call->trace.client = to_string(state.user);
    call->trace.service = to_string(self_);
    call->trace.end_time = rfc3339(state.endtime);
    co_return TicketPtr(std::make_shared<IssuedTicket>(state.to_ourselves, call->trace));
  }
  Step<CredentialPtr> tgt = co_await own_tgt(call);
  if (!tgt) co_return tgt.error();
  const auto target_key = to_lower(to_string(service));
  S4u2ProxyExchange::Wanted wanted;
  wanted.tgt = *tgt;
  wanted.evidence = state.evidence;
  wanted.user = state.user;
  wanted.service = service;
  wanted.own_service_ticket = options_.own_service_ticket;
  const auto known = targets_.find(target_key);
  if (known != targets_.end() && fresh(*known->second.tgt) && !(call->anew && aged(*known->second.tgt)))
    wanted.target = known->second;
  S4u2ProxyExchange exchange(context_, std::move(wanted));
  std::optional<Refusal> refusal = co_await driver_.run(exchange, call);
  if (exchange.target()) call->about.target_realm = exchange.target()->realm;
  if (refusal) {
    targets_.erase(target_key);
    // A DC that judges whether the front end may delegate has the target in its own domain, or would have referred.
    const bool judged_here = refusal->stage == Stage::s4u2proxy && refusal->error == KrbErrc::KDC_ERR_BADOPTION &&
                             refusal->by.level >= DcLevel::w2012 && refusal->status == NtStatus::STATUS_NOT_FOUND;
    if (call->about.target_realm.empty() && judged_here) call->about.target_realm = self_.realm;
    co_return std::move(*refusal);
  }
  if (exchange.target()) {
    if (targets_.size() >= kTargets) targets_.clear();
    targets_[target_key] = *exchange.target();
  }
  const auto& ticket = *exchange.ticket();
  auto& trace = call->trace;
  trace.client = to_string(ticket.client, ticket.client_realm);
  trace.service = to_string(ticket.service, ticket.service_realm);
  trace.granted = true;
  trace.end_time = rfc3339(ticket.endtime);
  co_return TicketPtr(std::make_shared<IssuedTicket>(exchange.ticket(), std::move(trace)));
}

// Unconstrained delegation: what the user himself would ask, with the TGT that he forwarded.
Client::Awaitable<S4uClient::Step<TicketPtr>> S4uClient::ask_as_user(CallPtr call, Identity identity,
                                                                     Principal service) {
  const auto& state = identity.state();
  CredentialPtr tgt = state.forwarded_tgt;
  if (!service.realm.empty() && !equal_ignoring_case(service.realm, tgt->tgt_realm())) {
    ReferralWalk there(context_, tgt, krbtgt_name(service.realm),
                       {Stage::as_user, "a TGT for " + service.realm + " as " + to_string(state.user)});
    std::optional<Refusal> refusal = co_await driver_.run(there, call);
    if (refusal) co_return std::move(*refusal);
    tgt = there.ticket();
  }
  ReferralWalk walk(context_, tgt, service.name,
                    {Stage::as_user, to_string(service.name) + " as " + to_string(state.user) + ", with his TGT"});
  std::optional<Refusal> refusal = co_await driver_.run(walk, call);
  if (refusal) co_return std::move(*refusal);
  const auto& ticket = *walk.ticket();
  if (!(ticket.client == state.user.name) || ticket.client_realm != state.user.realm) {
    co_return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::as_user, ticket.service_realm, {},
                       "the ticket is in the name of " + to_string(ticket.client, ticket.client_realm));
  }
  auto& trace = call->trace;
  trace.client = to_string(state.user);
  trace.service = to_string(ticket.service, ticket.service_realm);
  trace.granted = true;
  trace.end_time = rfc3339(ticket.endtime);
  co_return TicketPtr(std::make_shared<IssuedTicket>(walk.ticket(), std::move(trace)));
}

Client::Awaitable<Outcome<TicketPtr>> S4uClient::fetch_ticket(Identity identity, Principal service, bool anew) {
  const auto begin = [&](const Identity& who) {
    auto call = new_call();
    call->anew = anew;
    call->trace.steps = who.trace().steps;  // how the evidence was come by belongs to the story
    call->told = call->trace.steps.size();
    call->about.user = who.principal();
    call->about.service = to_string(service.name);
    call->about.target_realm = service.realm;
    call->about.by_s4u2self = who.by_s4u2self();
    call->about.have_evidence = true;
    call->about.forwardable = who.state().forwardable;
    call->about.sensitive = who.state().sensitive;
    return call;
  };
  auto call = begin(identity);
  if (identity.state().forwarded_tgt) {
    Step<TicketPtr> own = co_await ask_as_user(call, identity, service);
    if (own) co_return std::move(*own);
    if (identity.state().user == self_ && stale_ticket(own.error()))
      drop_own_tickets();  // self() gives another the next time
    co_return failure(own.error(), *call);
  }
  const bool had_tickets = !tgts_.empty();
  const auto& to_ourselves = identity.state().to_ourselves;
  const bool ending = std::chrono::system_clock::time_point(identity.end_time()) < context_.now() + kEarly ||
                      (anew && to_ourselves && aged(*to_ourselves));
  std::optional<Step<TicketPtr>> got;
  if (!identity.by_s4u2self() || !ending) {
    got = co_await delegate(call, identity, service);
    if (*got || !had_tickets || !stale_ticket(got->error())) {
      if (!*got) co_return failure(got->error(), *call);
      co_return std::move(**got);
    }
    drop_own_tickets();
  }
  if (identity.by_s4u2self()) {
    // Evidence that ends, or was made before the KDC's keys changed, is asked for anew.
    // A variable: g++ 12 destroys a braced temporary of a co_await expression twice.
    UserPlace place{identity.state().user.name, identity.state().user.realm, false};
    Step<Identity> again = co_await evidence_for(call, std::move(place), Buffer());
    if (!again) co_return failure(again.error(), *call);
    identity = std::move(*again);
  }
  got = co_await delegate(call, identity, service);
  if (!*got) co_return failure(got->error(), *call);
  co_return std::move(**got);
}

}  // namespace stead
