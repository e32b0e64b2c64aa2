#pragma once
// Makes a ticket and the reply that carries it.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "kdc/tickets/ticket_pac.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

// Whose key encrypts a ticket: an account of this domain, the KDC at the other end of a trust, or for user-to-user a
// session key.
struct Recipient {
  const AccountEntry* account = nullptr;
  const TrustEntry* trust = nullptr;
  std::optional<Key> session_key;
  [[nodiscard]] bool is_krbtgt() const { return trust || account->domain->krbtgt == account; }
};

// Everything about a ticket and its reply but the keys.
struct TicketPlan {
  MessageType reply = MessageType::tgs_rep;
  PrincipalName cname;
  std::string crealm;
  PrincipalName sname;
  Recipient recipient;
  std::uint32_t flags = 0;
  Time authtime{}, starttime{}, endtime{};
  std::optional<Time> renew_till;
  TransitedEncoding transited;
  std::vector<HostAddress> addresses;
  std::optional<TicketPac> pac;
  AuthorizationData other_data;
  PaDataList padata, encrypted_padata;
};

struct ReplyKey {
  Key key;
  KeyUsage usage = KeyUsage::tgs_rep_encrypted_part_session_key;
  std::optional<std::uint32_t> kvno;
};

// The reply's DER. Stops with NeedKeys if the recipient's or krbtgt's key is not derived yet, with ETYPE_NOSUPP if
// there is no key, or no session key type in common.
[[nodiscard]] KdcResult<Buffer> issue(const Context& ctx, const KdcReqBody& request, TicketPlan plan,
                                      const ReplyKey& reply_key);

// PA-PAC-OPTIONS of a reply: the client's first four bits come back.
void add_pac_options(std::uint32_t asked, PaDataList& encrypted_padata);

// The end of a ticket asked for until `till` (1970: as long as possible). Nothing: that is in the past.
[[nodiscard]] std::optional<Time> end_of(Time start, Time till, Time latest);

}  // namespace stead::kdc
