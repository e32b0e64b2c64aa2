#include "sspi_shim/client/password_logon.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/s4u/as_exchange.h"
#include "sspi_shim/s4u/own_ticket_check.h"
#include "sspi_shim/s4u/referral_walk.h"

namespace stead {
namespace {

PrincipalName plain_name(const std::string& account) {
  return {NameType::principal, {account}};
}

}  // namespace

PasswordLogon::PasswordLogon(ClientContextPtr context, std::shared_ptr<UserFinder> finder)
    : context_(std::move(context)), finder_(std::move(finder)) {}

Awaitable<Fetched<Identity>> PasswordLogon::sign_in(std::string name, SecretBuffer password, std::string caller) {
  auto call = context_->new_call();
  call->about.user = name;
  if (name.find_first_of("@\\") == std::string::npos) call->about.user += "@" + context_->self.realm;
  call->password = std::move(password);
  call->caller = std::move(caller);
  OrRefusal<CredentialPtr> tgt = co_await user_tgt(call, name);
  if (!tgt) {
    if (tgt.error().kind != FailureKind::unreachable) ++refused_;
    co_return failure_of(tgt.error(), *call, context_->own_account);
  }
  call->about.user = to_string((*tgt)->client, (*tgt)->client_realm);
  if (!context_->keys.all()->empty()) {
    std::optional<Refusal> refusal = co_await verify_kdc(call, *tgt);
    if (refusal) co_return failure_of(*refusal, *call, context_->own_account);
  }
  co_return identity_by_tgt(*tgt, std::move(call->trace));
}

// A UPN is asked for as an enterprise name: the KDC answers WRONG_REALM with the user's realm (RFC 6806 §7).
Awaitable<OrRefusal<CredentialPtr>> PasswordLogon::user_tgt(CallPtr call, std::string name) {
  const auto parsed = parse_user_name(name);
  if (!parsed) co_return unknown_user(context_->self.realm);
  const UserName user = *parsed;
  Principal client{plain_name(user.account), context_->self.realm};
  if (user.is_upn()) client.name = enterprise_name(user.account);
  if (!user.domain.empty()) {
    OrRefusal<UserPlace> place = co_await finder_->find_in_domain(call, user);
    if (!place) co_return place.error();
    client.realm = place->realm;
  }
  AsExchange::Wanted wanted{client, {}, true, Stage::password, "the TGT of " + name};
  AsExchange first(context_->exchange, wanted);
  std::optional<Refusal> refusal = co_await context_->driver.run(first, call);
  if (!refusal) co_return first.tgt();
  if (!user.is_upn() || refusal->error != KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN) co_return std::move(*refusal);
  // No KDC knows the UPN: the suffix may be a realm. Whose KDC is asked gets proof of the password, so it is never one
  // that only the visitor named.
  OrRefusal<bool> known = co_await finder_->is_known_realm(call, user.suffix);
  if (!known) co_return known.error();
  if (!*known) co_return std::move(*refusal);
  wanted.client = {plain_name(user.before_suffix()), to_upper(user.suffix)};
  AsExchange second(context_->exchange, wanted);
  std::optional<Refusal> again = co_await context_->driver.run(second, call);
  if (!again) co_return second.tgt();
  co_return std::move(*again);
}

// Protects against a false KDC (RFC 4120 §10): it can fake an AS-REP for a password that it chose, and not a ticket
// under this service's key.
Awaitable<std::optional<Refusal>> PasswordLogon::verify_kdc(CallPtr call, CredentialPtr user_tgt) {
  const Principal& self = context_->self;
  const std::string detail = to_string(self.name) + " with the user's TGT";
  CredentialPtr header = std::move(user_tgt);
  const Principal user{header->client, header->client_realm};
  // A name of one component is an account: other realms do not know it, so the TGT must be for our realm.
  if (self.name.components.size() == 1 && !equal_ignoring_case(header->tgt_realm(), self.realm)) {
    ReferralWalk home(context_->exchange, header, krbtgt_name(self.realm),
                      {Stage::password, "krbtgt/" + self.realm + " with the user's TGT"});
    std::optional<Refusal> refusal = co_await context_->driver.run(home, call);
    if (refusal) co_return refusal;
    header = home.ticket();
  }
  ReferralWalk walk(context_->exchange, header, self.name, {Stage::password, detail});
  std::optional<Refusal> refusal = co_await context_->driver.run(walk, call);
  if (refusal) co_return refusal;
  const Credential& ticket = *walk.ticket();
  const auto opened = context_->keys.open(ticket.ticket);
  std::optional<std::string> fault;
  if (!opened) {
    fault = unopened_ticket_text(ticket.ticket);
  } else {
    fault = fault_of_own_ticket(ticket, opened->part, context_->own_ticket_rules());
    if (!fault && !(opened->part.cname == user.name && equal_ignoring_case(opened->part.crealm, user.realm)))
      fault = "the ticket to this service is in the name of " + to_string(opened->part.cname, opened->part.crealm) +
              ", not of " + to_string(user);
  }
  if (fault) {
    co_return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::password, self.realm, {},
                       "the KDC is not proved to be ours: " + *fault);
  }
  co_return std::nullopt;
}

}  // namespace stead
