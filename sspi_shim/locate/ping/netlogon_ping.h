#pragma once
// Asks a DC what it is: the CLDAP ping of MS-ADTS §6.3.3, by datagram.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "stead/locator.h"

namespace stead {

enum class PingAnswer { ok, paused, not_this_domain, silent };

struct PingOutcome {
  PingAnswer answer = PingAnswer::silent;
  NetlogonResponse response;  // where it is ok
};

// What a datagram says to a ping for this domain, or where it is empty for the DC's own; nothing where it is no answer
// to the message with this id.
[[nodiscard]] std::optional<PingOutcome> judge_ping_reply(Bytes datagram, std::int32_t message_id,
                                                          const std::string& domain);

// One datagram, and a second one after half the time. A refused port is silent at once. `domain` empty: the DC's own
// (MS-ADTS §6.3.3.2).
[[nodiscard]] boost::asio::awaitable<PingOutcome> netlogon_ping(boost::asio::any_io_executor executor,
                                                                ControllerAddress controller, std::string domain,
                                                                std::chrono::milliseconds timeout);

}  // namespace stead
