#pragma once
// A ticket with what its holder knows of it, and the ServiceTicket that callers of the SDK get.
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "stead/s4u.h"

namespace stead {

// What a KDC's reply gave. Times are the KDC's; add nothing, but see clock_offset.
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
  // The issuing KDC's clock less ours: an authenticator for this ticket is stamped with our time plus this.
  std::chrono::microseconds clock_offset{};

  [[nodiscard]] bool forwardable() const { return (flags & ticket_flag::forwardable) != 0; }
  // The realm whose KDC takes this ticket, where it is a TGT: B of krbtgt/B@A. Empty: no TGT.
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

// Who is acted for, and by which evidence.
struct Identity::State {
  Principal user;              // no name: nobody
  TicketRef evidence;          // the user's ticket to us; null where there is a forwarded TGT in its place
  CredentialPtr to_ourselves;  // the same with its session key, where S4U2Self gave it
  bool s4u2self = true;
  bool forwardable = false;  // what the evidence's flags say
  bool sensitive = false;    // its PAC says NOT_DELEGATED or Protected Users
  Time endtime{};
  std::string fingerprint;  // of the evidence, where the user brought it: what it gave is for those who bring it again
  std::string cache_key;    // lower-case user and evidence: the start of the keys of his tickets
  CredentialPtr forwarded_tgt;  // the user's own TGT, in place of evidence: nothing is asked by S4U; null: none
  Trace trace;
  [[nodiscard]] bool is_nobody() const { return user.name.components.empty(); }
};

// Somebody who is asked for with a TGT of his own, in place of evidence.
[[nodiscard]] Identity identity_by_tgt(CredentialPtr tgt, Trace trace);

// About how much memory it takes.
[[nodiscard]] std::size_t size_of(const Trace& trace);
[[nodiscard]] std::size_t size_of(const Credential& credential);

}  // namespace stead
