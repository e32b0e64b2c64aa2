#pragma once
// The caller: a client's Negotiate token, accepted by GSSAPI with the keys of a keytab, and what its ticket says of the
// user, read by Stead's protocol layer with the same keys. GSSAPI gives the user's name. The ticket's PAC has their
// groups, how they signed in, and through which services they came.
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::sample {

// The contents of a PAC whose server signature is valid and whose client is the ticket's.
struct PacFacts {
  PacLogonInfo logon;
  std::optional<S4uDelegationInfo> delegation;  // a service acted for the user
  std::optional<UpnDnsInfo> upn;
};

struct Caller {
  std::string user;   // "alice@ROOT.FABRIKAM.COM"
  Principal service;  // what the ticket is for: one of the keytab's
  EncType ticket_etype{};
  EncTicketPart ticket;                // without its session key
  std::vector<std::string> transited;  // realms between the user's and ours
  std::optional<PacFacts> pac;         // absent: the ticket has none
  Buffer reply;                        // for WWW-Authenticate: Negotiate; empty: the client asked for none

  // What access rules are evaluated over: the PAC's SIDs, Everyone and Authenticated Users.
  [[nodiscard]] std::vector<Sid> sids() const;
};

struct NotAccepted {
  std::string reason;  // one line
};

class Acceptor {
 public:
  struct Options {
    std::string keytab;
    std::string principal;  // take tickets for this service only; empty: for every one of the keytab
  };
  // `message`: one line that names the keytab.
  [[nodiscard]] static std::shared_ptr<const Acceptor> open(const Options& options, std::string& message);
  virtual ~Acceptor() = default;
  // Blocks a little (the replay cache is a file, where KRB5RCACHEDIR says). Thread-safe.
  [[nodiscard]] virtual std::variant<Caller, NotAccepted> accept(Bytes token) const = 0;
};

}  // namespace stead::sample
