#pragma once
// Who sends a kpasswd request: the AP-REQ for kadmin/changepw in it, verified.
#include <boost/system/result.hpp>
#include <optional>
#include <string>

#include "kdc/directory/snapshot.h"
#include "kdc/kpasswd/seen_requests.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead::kdc {

// The result code and text of a kpasswd reply.
struct KpasswdVerdict {
  KpasswdResult code = KpasswdResult::success;
  std::string text;
  Buffer policy = {};  // the domain's password policy, sent in place of the text; the log has the text
};

// Why a request is answered by KRB-ERROR.
struct KpasswdRejection {
  KrbErrc code{};
  KpasswdVerdict verdict;
  std::optional<Buffer> earlier_reply;  // set: a repeated request, answered with this; empty: not answered at all
};

[[nodiscard]] KpasswdRejection reject_kpasswd(KrbErrc code, KpasswdResult result, std::string text);

struct KpasswdCaller {
  Buffer sealed_authenticator;
  EncTicketPart ticket;
  Authenticator authenticator;
  Key session, subkey;  // subkey: the session key if the client sent none
};

// Blocking: derives the keys of krbtgt if they are not there yet. `whole`: the request as received, for `seen`.
[[nodiscard]] boost::system::result<KpasswdCaller, KpasswdRejection> authenticate_caller(const Snapshot& snapshot,
                                                                                         const DomainEntry& domain,
                                                                                         Bytes ap_message, Bytes whole,
                                                                                         Time now, SeenRequests& seen);

}  // namespace stead::kdc
