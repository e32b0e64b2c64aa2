#pragma once
// A ticket with its session key and the rest of the KDC's reply, and the public types over it: ServiceTicket, Identity.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "stead/s4u.h"

namespace stead {

struct PacLogonInfo;  // protocol/pac/pac_logon_info.h

// From a KDC's reply. Times are by the KDC's clock; see clock_offset.
struct Credential {
  Ticket ticket;
  Key session_key;
  PrincipalName client;
  std::string client_realm;
  PrincipalName service;  // the ticket's sname
  std::string service_realm;
  std::uint32_t flags = 0;  // ticket_flag
  Time authtime{};
  Time starttime{};
  Time endtime{};
  std::optional<Time> renew_till;
  // The issuing KDC's clock less ours. An authenticator for this ticket has our time plus this.
  std::chrono::microseconds clock_offset{};

  [[nodiscard]] bool forwardable() const { return (flags & ticket_flag::forwardable) != 0; }
  // The realm of a TGT: B of krbtgt/B@A. Empty: not a TGT.
  [[nodiscard]] std::string tgt_realm() const;
};
using CredentialPtr = std::shared_ptr<const Credential>;

using TicketRef = std::shared_ptr<const Ticket>;
[[nodiscard]] inline TicketRef ticket_of(const CredentialPtr& credential) {
  return TicketRef(credential, &credential->ticket);
}

// The ServiceTicket that a Client hands out: every TicketPtr points to one.
class IssuedTicket final : public ServiceTicket {
 public:
  IssuedTicket(CredentialPtr credential, Trace trace) : credential_(std::move(credential)), trace_(std::move(trace)) {}
  IssuedTicket(Credential credential, Trace trace)
      : IssuedTicket(std::make_shared<const Credential>(std::move(credential)), std::move(trace)) {}
  [[nodiscard]] const Credential& credential() const { return *credential_; }
  [[nodiscard]] std::string client() const override;
  [[nodiscard]] std::string service() const override;
  [[nodiscard]] std::chrono::sys_seconds end_time() const override { return credential_->endtime; }
  [[nodiscard]] const Trace& trace() const override { return trace_; }

 private:
  CredentialPtr credential_;
  Trace trace_;
};

// The user, and the evidence by which S4U2Proxy acts for them.
struct Identity::State {
  Principal user;              // no name components: no user
  TicketRef evidence;          // the user's ticket to us; null with a forwarded TGT
  CredentialPtr to_ourselves;  // the evidence with its session key, if S4U2Self gave it
  bool s4u2self = true;
  bool forwardable = false;  // by the evidence's flags
  bool sensitive = false;    // its PAC says NOT_DELEGATED or Protected Users
  // What the opened evidence says: the user's SID and groups; null: it has no PAC, or the user has a TGT of their own.
  std::shared_ptr<const PacLogonInfo> logon;
  // The inside of evidence that the user presented, without its authorization data; null: S4U2Self gave the evidence.
  std::shared_ptr<const EncTicketPart> inside;
  Time endtime{};
  std::chrono::system_clock::time_point obtained{};  // by our clock, if S4U2Self gave the evidence
  std::string fingerprint;  // of evidence that a client brought: only clients that bring the same one share its tickets
  std::string cache_key;    // user and evidence: the prefix of the cache keys of the user's tickets
  CredentialPtr forwarded_tgt;  // the user's own TGT in place of evidence: no S4U; null: none
  Trace trace;
  [[nodiscard]] bool is_nobody() const { return user.name.components.empty(); }
};

// Approximate size in memory, in bytes.
[[nodiscard]] std::size_t size_of(const Trace& trace);
[[nodiscard]] std::size_t size_of(const Credential& credential);
[[nodiscard]] std::size_t size_of(const PacLogonInfo& logon);

}  // namespace stead
