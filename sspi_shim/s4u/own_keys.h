#pragma once
// What the keytab's keys open: tickets to ourselves.
#include "sspi_shim/s4u/credential.h"

namespace stead {

// A ticket to us, opened, and what its PAC says of delegating the user.
struct OpenedTicket {
  EncTicketPart part;
  bool sensitive = false;  // NOT_DELEGATED, or in Protected Users
};
// Tries each key of the ticket's encryption type. integrity: none of them opens it.
[[nodiscard]] Result<OpenedTicket> open_own_ticket(const Ticket& ticket, const std::vector<Key>& keys);

// Tells one ticket from another: SHA-256, hexadecimal.
[[nodiscard]] std::string fingerprint_of(Bytes ticket_der);

}  // namespace stead
