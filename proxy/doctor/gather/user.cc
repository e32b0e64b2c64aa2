#include "proxy/doctor/gather/user.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"
#include "sspi_shim/s4u/trace/trace_words.h"
#include "sspi_shim/s4u/user_realm.h"

namespace stead::doctor {
namespace {

std::size_t groups_of(const Identity::State& state) {
  if (!state.logon) return 0;
  return state.logon->groups.size() + state.logon->extra_sids.size() + state.logon->resource_groups.size();
}

bool is_protected(const Identity::State& state) {
  if (!state.logon) return false;
  const auto& groups = state.logon->groups;
  return std::any_of(groups.begin(), groups.end(), [](const auto& group) { return group.rid == kProtectedUsersRid; });
}

// Whether the domain that refused S4U2Self knows the name in an AS exchange.
Awaitable<bool> as_knows(ToolsPtr tools, std::string name, std::string realm) {
  const auto parsed = parse_user_name(name);
  if (!parsed) co_return false;
  const std::string upn = parsed->is_upn() ? parsed->account : parsed->account + "@" + realm;
  UserRealmSearch search(tools->context, realm, upn);
  CallPtr call = tools->new_call();
  const std::optional<Refusal> refusal = co_await tools->driver.run(search, call);
  co_return !refusal && !search.realm().empty();
}

}  // namespace

Awaitable<std::optional<Identity>> ask_user(ToolsPtr tools, std::shared_ptr<Client> client, std::string name,
                                            UserFacts& out) {
  out.asked = name;
  Outcome<Identity> got = co_await client->user(name);
  if (!got) {
    out.failure = got.error();
    out.steps = got.error().trace.steps;
    const bool unknown = got.error().error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN;
    if (unknown && !out.steps.empty() && exchange_kind_of(out.steps.back()) == ExchangeKind::s4u2self)
      out.known_to_as = co_await as_knows(tools, name, out.steps.back().realm);
    co_return std::nullopt;
  }
  const Identity::State& state = got->state();
  out.steps = state.trace.steps;
  out.principal = got->principal();
  out.forwardable = state.forwardable;
  out.sensitive = state.sensitive;
  out.is_protected = is_protected(state);
  out.evidence_bytes = encode(*state.evidence).size();
  out.groups = groups_of(state);
  co_return std::move(*got);
}

Awaitable<TicketPtr> ask_delegation(std::shared_ptr<Client> client, Identity identity, std::string service,
                                    DelegationFacts& out) {
  out.service = service;
  Outcome<TicketPtr> got = co_await client->ticket_for(std::move(identity), service);
  if (!got) {
    out.failure = got.error();
    out.steps = got.error().trace.steps;
    co_return nullptr;
  }
  const auto& issued = static_cast<const IssuedTicket&>(**got);
  out.steps = issued.trace().steps;
  out.granted_service = issued.service();
  out.etype = issued.credential().ticket.enc_part.etype;
  const auto token = make_negotiate_token(issued);
  if (token) out.token_bytes = (token->token.size() + 2) / 3 * 4;
  co_return *got;
}

}  // namespace stead::doctor
