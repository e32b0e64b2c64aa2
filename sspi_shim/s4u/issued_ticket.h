#pragma once
// The service ticket as the S4U client makes it: what the initiator and the ccache export need of it. Immutable once shared; the
// session key is wiped with the last copy.
#include "sspi_shim/protocol/crypto.h"
#include "sspi_shim/protocol/types.h"
#include "stead/s4u.h"

namespace stead {

struct IssuedTicket final : ServiceTicket {
  Principal client_principal;   // the user, canonical; realm set
  Principal service_principal;  // as the ticket has it; realm set
  Buffer ticket_der;            // Ticket, as received
  Key session_key;
  std::uint32_t flags = 0;      // ticket_flag
  Time auth_time{};
  Time start_time{};            // auth_time where the reply has none
  Time end_time_{};
  Time renew_till{};            // zero: not renewable
  Trace trace_;

  [[nodiscard]] std::string client() const override { return to_string(client_principal); }
  [[nodiscard]] std::string service() const override { return to_string(service_principal); }
  [[nodiscard]] std::chrono::sys_seconds end_time() const override { return end_time_; }
  [[nodiscard]] const Trace& trace() const override { return trace_; }
};

// Every ServiceTicket is one of ours; null for a foreign implementation of the interface.
[[nodiscard]] inline const IssuedTicket* as_issued(const ServiceTicket& ticket) { return dynamic_cast<const IssuedTicket*>(&ticket); }

}  // namespace stead
