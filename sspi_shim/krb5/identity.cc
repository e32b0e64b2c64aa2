#include "sspi_shim/krb5/identity.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/base/text_time.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {
namespace {

// The start of the cache keys of this identity's tickets. Tickets that one ticket of the user gave are for holders of
// that ticket only. With the case of the name: to some KDCs Alice and alice are two.
std::string cache_key_of(const Principal& user, const std::string& evidence) {
  return to_string(user) + " " + evidence + " ";
}

void note_granted(Identity::State& state, Trace trace) {
  state.trace = std::move(trace);
  state.trace.client = to_string(state.user);
  state.trace.granted = true;
  state.trace.end_time = rfc3339(state.endtime);
}

std::shared_ptr<Identity::State> state_by_tgt(CredentialPtr tgt) {
  auto state = std::make_shared<Identity::State>();
  state->user = {tgt->client, tgt->client_realm};
  state->s4u2self = false;
  state->forwardable = tgt->forwardable();
  state->endtime = tgt->endtime;
  state->fingerprint = "tgt " + fingerprint_of(encode(tgt->ticket));
  state->cache_key = cache_key_of(state->user, state->fingerprint);
  state->forwarded_tgt = std::move(tgt);
  return state;
}

}  // namespace

Result<Identity> identity_by_ticket(Ticket ticket, Bytes der, OwnKeys& keys) {
  auto opened = keys.open(ticket);
  if (!opened) return opened.error();
  auto state = std::make_shared<Identity::State>();
  state->user = {opened->part.cname, opened->part.crealm};
  state->evidence = std::make_shared<const Ticket>(std::move(ticket));
  state->s4u2self = false;
  state->forwardable = (opened->part.flags & ticket_flag::forwardable) != 0;
  state->sensitive = opened->sensitive;
  state->logon = std::move(opened->logon);
  state->endtime = opened->part.endtime;
  opened->part.authorization_data.clear();
  state->inside = std::make_shared<const EncTicketPart>(std::move(opened->part));
  state->fingerprint = fingerprint_of(der);
  state->cache_key = cache_key_of(state->user, state->fingerprint);
  state->trace.client = to_string(state->user);
  return Identity(std::move(state));
}

Identity identity_by_tgt(CredentialPtr tgt, Trace trace) {
  auto state = state_by_tgt(std::move(tgt));
  note_granted(*state, std::move(trace));
  return Identity(std::move(state));
}

Identity identity_by_forwarded_tgt(CredentialPtr tgt) {
  auto state = state_by_tgt(std::move(tgt));
  state->trace.client = to_string(state->user);
  return Identity(std::move(state));
}

Identity identity_by_s4u2self(CredentialPtr evidence, OpenedTicket opened, Trace trace,
                              std::chrono::system_clock::time_point now) {
  auto state = std::make_shared<Identity::State>();
  state->user = {std::move(opened.part.cname), std::move(opened.part.crealm)};
  state->evidence = ticket_of(evidence);
  state->to_ourselves = evidence;
  state->forwardable = (opened.part.flags & ticket_flag::forwardable) != 0;
  state->sensitive = opened.sensitive;
  state->logon = std::move(opened.logon);
  state->endtime = opened.part.endtime;
  state->obtained = now;
  state->cache_key = cache_key_of(state->user, "s4u2self");
  note_granted(*state, std::move(trace));
  return Identity(std::move(state));
}

std::optional<Credential> evidence_credential(const Identity::State& state) {
  if (state.to_ourselves) return *state.to_ourselves;
  if (!state.inside) return std::nullopt;
  const EncTicketPart& part = *state.inside;
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

std::size_t size_of(const Identity& identity) {
  const auto& state = identity.state();
  std::size_t out = sizeof state + size_of(state.trace);
  if (state.to_ourselves)
    out += size_of(*state.to_ourselves);
  else if (state.evidence)
    out += state.evidence->enc_part.cipher.size() + sizeof(EncTicketPart);
  if (state.logon) out += size_of(*state.logon);
  return out;
}

}  // namespace stead
