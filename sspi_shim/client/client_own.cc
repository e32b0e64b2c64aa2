// What a Client does in its own name: tickets for itself, and MIT's proxy credential, which hands its TGT away.
#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/krb5/proxy_credential.h"

namespace stead {
namespace {

Failure unusable(std::string text) {
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = make_error_code(boost::system::errc::operation_not_permitted);
  out.text = std::move(text);
  return out;
}

// The user's own ticket to us as a credential: the session key is in it.
std::optional<Credential> opened_credential(const Identity::State& state, OwnKeys& keys) {
  if (state.to_ourselves) return *state.to_ourselves;
  const auto opened = keys.open(*state.evidence);
  if (!opened) return std::nullopt;
  const EncTicketPart& part = opened->part;
  const auto key = Key::make(part.key);
  if (!key) return std::nullopt;
  Credential out;
  out.ticket = *state.evidence;
  out.session_key = *key;
  out.client = part.cname;
  out.client_realm = part.crealm;
  out.service = state.evidence->sname;
  out.service_realm = state.evidence->realm;
  out.flags = part.flags;
  out.authtime = part.authtime;
  out.starttime = part.starttime.value_or(part.authtime);
  out.endtime = part.endtime;
  out.renew_till = part.renew_till;
  return out;
}

}  // namespace

Client::Awaitable<Outcome<Identity>> S4uClient::self() {
  std::function<Awaitable<Outcome<Identity>>()> work = [this] { return ourselves(); };
  Outcome<Identity> out = co_await on_executor<Identity>(std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<Identity>> S4uClient::ourselves() {
  auto call = new_call();
  call->about.user = to_string(self_);
  Step<CredentialPtr> tgt = co_await own_tgt(call);
  if (!tgt) co_return failure(tgt.error(), *call);
  co_return identity_by_tgt(*tgt, std::move(call->trace));
}

Client::Awaitable<Outcome<ProxyCredentialPtr>> S4uClient::proxy_credential(Identity identity) {
  if (!options_.allow_proxy_credentials)
    co_return unusable("a proxy credential has our own TGT in it, by which whoever reads it acts as " +
                       to_string(self_) + " for every user: it is made where allow_proxy_credentials says so");
  if (identity.state().is_nobody()) co_return nobody();
  if (identity.state().forwarded_tgt)
    co_return unusable(identity.principal() + " is not delegated: there is no evidence to make a proxy credential of");
  std::function<Awaitable<Outcome<ProxyCredentialPtr>>()> work = [this, identity] { return proxied(identity); };
  Outcome<ProxyCredentialPtr> out = co_await on_executor<ProxyCredentialPtr>(std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<ProxyCredentialPtr>> S4uClient::proxied(Identity identity) {
  auto evidence = opened_credential(identity.state(), own_keys_);
  if (!evidence) co_return unusable("the evidence of " + identity.principal() + " does not fit our keytab");
  auto call = new_call();
  call->about.user = identity.principal();
  Step<CredentialPtr> tgt = co_await own_tgt(call);
  if (!tgt) co_return failure(tgt.error(), *call);
  co_return ProxyCredentialPtr(std::make_shared<const IssuedProxyCredential>(std::move(*evidence), *tgt));
}

CacheView S4uClient::cache_view(std::string_view user) const {
  CacheView out;
  out.tickets = tickets_.size();
  out.evidence = users_.size();
  out.refusals = refusals_.size();
  out.bytes = tickets_.bytes() + users_.bytes();
  if (user.empty()) return out;
  const auto now = context_.now();
  const std::string owner = to_lower(user);
  users_.for_each_of(owner, now, [&](const Identity& identity) {
    out.kept.push_back({identity.principal(), to_string(self_), true, identity.end_time()});
  });
  tickets_.for_each_of(owner, now, [&](const TicketPtr& ticket) {
    out.kept.push_back({ticket->client(), ticket->service(), false, ticket->end_time()});
  });
  return out;
}

}  // namespace stead
