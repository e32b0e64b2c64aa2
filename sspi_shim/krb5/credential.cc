// Also implements Identity of stead/s4u.h.
#include "sspi_shim/krb5/credential.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {

std::string Credential::tgt_realm() const {
  return is_krbtgt(service) && service.components.size() == 2 ? service.components[1] : "";
}

std::string IssuedTicket::client() const {
  return to_string(credential_->client, credential_->client_realm);
}
std::string IssuedTicket::service() const {
  return to_string(credential_->service, credential_->service_realm);
}

Identity::Identity() {
  static const auto no_user = [] {
    State out;
    out.s4u2self = false;
    return std::make_shared<const State>(std::move(out));
  }();
  state_ = no_user;
}

std::string Identity::principal() const {
  return state_->is_nobody() ? std::string() : to_string(state_->user);
}
bool Identity::by_s4u2self() const {
  return state_->s4u2self;
}
std::chrono::sys_seconds Identity::end_time() const {
  return state_->endtime;
}
const Trace& Identity::trace() const {
  return state_->trace;
}

std::size_t size_of(const Trace& trace) {
  std::size_t out = sizeof trace + trace.client.size() + trace.service.size();
  for (const TraceStep& step : trace.steps) {
    out += sizeof step + step.realm.size() + step.controller.size() + step.address.size() + step.answer.size() +
           step.status.size() + step.detail.size();
  }
  return out;
}

std::size_t size_of(const Credential& credential) {
  constexpr std::size_t kKey = 512;  // with what is derived from it
  return sizeof credential + credential.ticket.enc_part.cipher.size() + kKey;
}

std::size_t size_of(const PacLogonInfo& logon) {
  constexpr std::size_t kSid = 40, kTexts = 256;
  return sizeof logon + kTexts + (logon.groups.size() + logon.resource_groups.size()) * sizeof(GroupMembership) +
         logon.extra_sids.size() * (sizeof(SidAndAttributes) + kSid);
}

}  // namespace stead
