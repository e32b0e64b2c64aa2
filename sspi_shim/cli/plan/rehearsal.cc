#include "sspi_shim/cli/plan/rehearsal.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/exchange/dispatcher.h"
#include "kdc/forest/functional_level.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "sspi_shim/s4u/as_exchange.h"
#include "sspi_shim/s4u/referral_walk.h"

namespace stead::plan {
namespace {

constexpr std::size_t kMaxActions = 64;  // of one machine

KnownController known(const kdc::Controller& dc) {
  return {.where = {dc.name, dc.address, dc.kerberos_port, dc.ldap_port},
          .level = dc_level_by_name(kdc::to_string(dc.level)).value_or(DcLevel::unknown)};
}

std::string refusal_text(const kdc::RequestLog& log) {
  std::string out = log.answer;
  if (log.status) out += " " + std::string(nt_status_name(std::uint32_t(*log.status)));
  if (*log.why) out += ": " + std::string(log.why);
  return out;
}

std::vector<Key> keys_of(const kdc::AccountEntry& account) {
  std::vector<Key> out;
  if (!account.keys) return out;
  for (const EncType type : directory_enctypes(Rc4::allowed)) {
    account.keys->derive(type);
    if (const Key* key = account.keys->find(type)) out.push_back(*key);
  }
  return out;
}

}  // namespace

Rehearsal::Rehearsal(const kdc::Snapshot& snapshot) : snapshot_(&snapshot) {
  const auto& domains = snapshot.forest().domains;
  if (std::ranges::any_of(domains, [](const kdc::Domain& domain) { return domain.allow_rc4; }))
    context_.etypes = offered_enctypes(Rc4::allowed);
}

void Rehearsal::pin(const kdc::DomainEntry& domain, const kdc::Controller& controller) {
  pins_.emplace_back(domain.domain->realm, controller.name);
}

std::vector<const kdc::Controller*> Rehearsal::controllers(const std::string& realm) const {
  std::vector<const kdc::Controller*> out;
  const kdc::DomainEntry* domain = snapshot_->domain(realm);
  if (!domain) return out;
  for (const kdc::Controller& dc : domain->domain->controllers) {
    const bool other = std::ranges::any_of(
        pins_, [&](const auto& pin) { return pin.first == domain->domain->realm && pin.second != dc.name; });
    if (!other) out.push_back(&dc);
  }
  return out;
}

Reply Rehearsal::answer(const std::string& realm, const kdc::Controller& controller, Bytes request) {
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  for (;;) {
    kdc::Outcome outcome = kdc::handle(request, *snapshot_, *snapshot_->domain(realm), controller, now);
    if (const auto* missing = std::get_if<kdc::NeedKeys>(&outcome)) {
      for (const auto& [keys, type] : missing->keys) keys->derive(type);
      continue;
    }
    auto& got = std::get<kdc::Answer>(outcome);
    if (*got.log.why)
      refused_.push_back({controller.name, std::string(to_string(controller.level)), refusal_text(got.log)});
    return {.bytes = std::move(got.bytes), .from = known(controller)};
  }
}

Reply Rehearsal::carry(const SendToKdc& send) {
  const auto all = controllers(send.realm);
  const auto named = [&](const KnownController& wanted) {
    return std::ranges::find_if(all, [&](const auto* dc) { return dc->name == wanted.where.name; });
  };
  for (const KnownController& wanted : send.to)
    if (const auto found = named(wanted); found != all.end()) return answer(send.realm, **found, send.request);
  if (all.empty() || !send.to.empty())
    return {.bytes = make_error_code(boost::asio::error::host_not_found), .from = {}};
  if (send.first)
    if (const auto found = named(*send.first); found != all.end()) return answer(send.realm, **found, send.request);
  const auto capable =
      std::ranges::find_if(all, [](const auto* dc) { return kdc::traits(dc->level).fast_claims_rbcd; });
  return answer(send.realm, send.prefer_capable && capable != all.end() ? **capable : *all.front(), send.request);
}

Located Rehearsal::locate(const LocateDc& wanted) const {
  Located out;
  for (const auto* dc : controllers(wanted.realm)) {
    const KnownController one = known(*dc);
    const bool fits = (wanted.writable || one.level >= wanted.at_least) &&
                      std::ranges::find(wanted.refused, one.where) == wanted.refused.end();
    out.seen.push_back({dc->name, dc->address, std::string(to_string(one.level)), fits ? "ok" : "below the level"});
    if (fits) out.usable.push_back(one);
  }
  return out;
}

Obstacle Rehearsal::obstacle_of(const Refusal& refusal) const {
  for (auto one = refused_.rbegin(); one != refused_.rend(); ++one)
    if (refusal.by.where.name.empty() || one->controller == refusal.by.where.name) return *one;
  std::string reason = refusal.what.empty() ? refusal.error.message() : refusal.what;
  if (refusal.no_capable_dc) reason = "no controller of 2012 or later in " + refusal.realm;
  if (refusal.kind == FailureKind::unreachable) reason = "the forest file has no controller of " + refusal.realm;
  return {refusal.by.where.name, std::string(to_string(refusal.by.level)), std::move(reason)};
}

std::optional<Obstacle> Rehearsal::run(Machine& machine) {
  refused_.clear();
  Action action = machine.start();
  for (std::size_t i = 0; i < kMaxActions; ++i) {
    if (std::holds_alternative<Finished>(action)) return std::nullopt;
    if (const auto* refusal = std::get_if<Refusal>(&action)) return obstacle_of(*refusal);
    if (const auto* send = std::get_if<SendToKdc>(&action)) {
      const SendToKdc what = *send;
      action = machine.on_reply(carry(what));
    } else if (const auto* level = std::get_if<AskLevel>(&action)) {
      DcLevel found = DcLevel::unknown;
      for (const auto* dc : controllers(level->realm))
        if (dc->name == level->controller.name) found = known(*dc).level;
      action = machine.on_level(found);
    } else if (const auto* wanted = std::get_if<LocateDc>(&action)) {
      const Located found = locate(*wanted);
      action = machine.on_located(found);
    } else {
      return Obstacle{{}, {}, "a password is asked for"};
    }
  }
  return Obstacle{{}, {}, "the exchange does not end"};
}

Result<TgsAnswer> Rehearsal::ask(const TgsQuestion& question, Obstacle& obstacle) {
  const std::string realm = question.header->tgt_realm();
  refused_.clear();
  TgsExchange exchange(question, context_.etypes, context_.now_at(realm), context_.offset_of(realm));
  const Reply reply = carry({.exchange = ExchangeKind::tgs, .realm = realm, .request = exchange.take_request()});
  if (!reply.bytes) {
    obstacle.reason = "the forest file has no controller of " + realm;
    return reply.bytes.error();
  }
  auto read = exchange.read(*reply.bytes);
  if (read && std::holds_alternative<TgsAnswer>(*read)) return std::get<TgsAnswer>(std::move(*read));
  obstacle = refused_.empty()
                 ? Obstacle{reply.from.where.name, std::string(to_string(reply.from.level)), "an unusable answer"}
                 : refused_.back();
  if (!read) return read.error();
  return make_error_code(std::get<KrbError>(*read).code);
}

CredentialPtr Rehearsal::sign_in(const kdc::AccountEntry& account, Obstacle& obstacle) {
  const std::string& realm = account.domain->domain->realm;
  AsExchange exchange(
      context_,
      {.client = {{NameType::principal, {account.account->name}}, realm}, .keys = keys_of(account), .detail = {}});
  if (auto refused = run(exchange)) {
    obstacle = std::move(*refused);
    return nullptr;
  }
  return exchange.tgt();
}

CredentialPtr Rehearsal::walk(const CredentialPtr& tgt, const PrincipalName& sname, Obstacle& obstacle) {
  ReferralWalk exchange(context_, tgt, sname, {.stage = Stage::as_user});
  if (auto refused = run(exchange)) {
    obstacle = std::move(*refused);
    return nullptr;
  }
  return exchange.ticket();
}

}  // namespace stead::plan
