#pragma once
// The caller behind a client's Negotiate token. GssAcceptor accepts the token with a keytab's keys and gives the user's
// name; Stead's protocol layer decrypts the ticket with the same keys and reads its PAC: the user's groups, how they
// signed in, and which services acted for them.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/krb5/gss_acceptor.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::sample {

// A PAC whose server signature is verified and that names the ticket's client.
struct PacFacts {
  PacLogonInfo logon;
  std::optional<S4uDelegationInfo> delegation;  // a service acted for the user
  std::optional<UpnDnsInfo> upn;
};

struct Caller {
  std::string user;   // "alice@ROOT.FABRIKAM.COM"
  Principal service;  // of the ticket: one of the keytab's
  EncType ticket_etype{};
  EncTicketPart ticket;                // without its session key
  std::vector<std::string> transited;  // realms between the user's and ours
  std::optional<PacFacts> pac;         // absent: the ticket has none
  Buffer reply;                        // for WWW-Authenticate: Negotiate; empty: the client asked for none

  // For access rules: the PAC's SIDs, Everyone and Authenticated Users.
  [[nodiscard]] std::vector<Sid> sids() const;
};

struct NotAccepted {
  std::string reason;  // one line
};

// KerberosAcceptor of the SDK accepts tickets for HTTP services only; this one, for every service of the keytab.
class Acceptor {
 public:
  struct Options {
    std::string keytab;
    std::string principal;  // accept tickets for this service only; empty: for every service of the keytab
  };
  [[nodiscard]] static Checked<std::shared_ptr<const Acceptor>> open(const Options& options);
  // Blocks a little: the replay cache is a file, in the folder of KRB5RCACHEDIR. Thread-safe.
  [[nodiscard]] std::variant<Caller, NotAccepted> accept(Bytes token) const;

 private:
  Acceptor(std::shared_ptr<const GssAcceptor> gss, std::vector<Key> keys)
      : gss_(std::move(gss)), keys_(std::move(keys)) {}
  std::shared_ptr<const GssAcceptor> gss_;
  std::vector<Key> keys_;  // of the services whose tickets are accepted
};

}  // namespace stead::sample
