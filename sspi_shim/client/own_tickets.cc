#include "sspi_shim/client/own_tickets.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>

#include "sspi_shim/base/text.h"
#include "sspi_shim/s4u/as_exchange.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"

namespace stead {
namespace {

using SystemClock = std::chrono::system_clock;

constexpr std::chrono::seconds kRenewAgain{60};
constexpr std::size_t kMaxTargets = 10000;

// In an AS-REQ the client's name is a plain principal, also where it is an SPN (ktpass maps one to the account).
Principal as_client(Principal name) {
  name.name.type = NameType::principal;
  return name;
}

// The keytab's key is not, or no longer, the account's.
bool is_about_the_key(const Error& error) {
  return error == KrbErrc::KDC_ERR_PREAUTH_FAILED || error == KrbErrc::KDC_ERR_ETYPE_NOSUPP ||
         error == KrbErrc::KRB_AP_ERR_BAD_INTEGRITY;
}

std::string target_key(const Principal& service) {
  return to_lower(to_string(service));
}

}  // namespace

bool is_stale_ticket(const Refusal& refusal) {
  if (refusal.kind != FailureKind::refused || refusal.stage == Stage::own_tgt) return false;
  return refusal.error == KrbErrc::KRB_AP_ERR_TKT_EXPIRED || refusal.error == KrbErrc::KDC_ERR_TGT_REVOKED ||
         refusal.error == KrbErrc::KRB_AP_ERR_BAD_INTEGRITY || refusal.error == KrbErrc::KRB_AP_ERR_MODIFIED ||
         refusal.error == KrbErrc::KRB_AP_ERR_BADKEYVER || refusal.error == KrbErrc::KRB_AP_ERR_NOKEY;
}

OwnTickets::OwnTickets(ClientContextPtr context) : context_(std::move(context)), fetches_(context_->executor) {}

bool OwnTickets::is_fresh(const Credential& ticket) const {
  return SystemClock::time_point(ticket.endtime) -
             std::chrono::duration_cast<SystemClock::duration>(ticket.clock_offset) >
         context_->exchange.now() + kTicketReserve;
}

bool OwnTickets::is_aged(const Credential& ticket) const {
  const auto offset = std::chrono::duration_cast<std::chrono::seconds>(ticket.clock_offset);
  const SystemClock::duration life = ticket.endtime - ticket.starttime;
  return context_->exchange.now() >= SystemClock::time_point(ticket.starttime - offset) + (life / 5) * 4;
}

void OwnTickets::drop_all() {
  tgts_.clear();
  targets_.clear();
}

Awaitable<OrRefusal<CredentialPtr>> OwnTickets::own_tgt(CallPtr call) {
  const std::string& realm = context_->self.realm;
  const auto deadline = context_->options.request_deadline;
  const auto found = tgts_.find(to_upper(realm));
  if (found != tgts_.end() && is_fresh(*found->second)) {
    const CredentialPtr tgt = found->second;
    const auto now = context_->exchange.now();
    if (!is_aged(*tgt) || now < renew_not_before_) co_return tgt;
    if (call->freshness == Freshness::cached) {
      renew_not_before_ = now + kRenewAgain;
      fetches_.start(realm, deadline, [self = shared_from_this(), background = context_->new_call()] {
        return self->fetch_own_tgt(background);
      });
      co_return tgt;
    }
  }
  FetchOnce<OrRefusal<CredentialPtr>>::Work work = [self = shared_from_this(), call] {
    return self->fetch_own_tgt(call);
  };
  std::optional<OrRefusal<CredentialPtr>> result = co_await fetches_.run(realm, deadline, std::move(work));
  if (!result) co_return unreachable(boost::asio::error::timed_out, Stage::own_tgt, realm);
  co_return std::move(*result);
}

Awaitable<OrRefusal<CredentialPtr>> OwnTickets::fetch_own_tgt(CallPtr call) {
  const Principal& self = context_->self;
  if (context_->keys.all()->empty()) {
    Refusal none = rejected(make_error_code(KrbErrc::KRB_AP_ERR_NOKEY), Stage::own_tgt, self.realm, {},
                            "this client has no keys of its own");
    none.kind = FailureKind::unusable;
    co_return none;
  }
  for (;;) {
    AsExchange exchange(context_->exchange, {.client = as_client(self),
                                             .keys = *context_->keys.all(),
                                             .canonicalize = false,
                                             .stage = Stage::own_tgt,
                                             .detail = "our own TGT, " + to_string(self)});
    std::optional<Refusal> refusal = co_await context_->driver.run(exchange, call);
    if (!refusal) {
      context_->own_account = account_of_salt(exchange.salt(), self.realm);
      tgts_[to_upper(self.realm)] = exchange.tgt();
      co_return exchange.tgt();
    }
    if (!is_about_the_key(refusal->error) || !context_->keys.look_again()) co_return std::move(*refusal);
  }
}

Awaitable<OrRefusal<CredentialPtr>> OwnTickets::tgt_for(CallPtr call, std::string realm) {
  if (equal_ignoring_case(realm, context_->self.realm)) {
    OrRefusal<CredentialPtr> own = co_await own_tgt(call);
    co_return own;
  }
  const auto key = to_upper(realm);
  const auto found = tgts_.find(key);
  if (found != tgts_.end() && is_fresh(*found->second) &&
      (call->freshness == Freshness::cached || !is_aged(*found->second)))
    co_return found->second;
  OrRefusal<CredentialPtr> own = co_await own_tgt(call);
  if (!own) co_return own.error();
  ReferralWalk walk(context_->exchange, *own, krbtgt_name(key), {Stage::user_tgt, "our TGT for " + key});
  std::optional<Refusal> refusal = co_await context_->driver.run(walk, call);
  if (refusal) co_return std::move(*refusal);
  for (const auto& tgt : walk.tgts()) tgts_[to_upper(tgt->tgt_realm())] = tgt;
  co_return walk.ticket();
}

std::optional<KnownTarget> OwnTickets::target(const Principal& service, const Call& call) const {
  const auto known = targets_.find(target_key(service));
  if (known == targets_.end() || !is_fresh(*known->second.tgt)) return std::nullopt;
  if (call.freshness == Freshness::renewed && is_aged(*known->second.tgt)) return std::nullopt;
  return known->second;
}

void OwnTickets::remember_target(const Principal& service, KnownTarget target) {
  if (targets_.size() >= kMaxTargets) targets_.clear();
  targets_[target_key(service)] = std::move(target);
}

void OwnTickets::forget_target(const Principal& service) {
  targets_.erase(target_key(service));
}

}  // namespace stead
