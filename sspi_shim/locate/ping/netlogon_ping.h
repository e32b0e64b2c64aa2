#pragma once
// The CLDAP ping of MS-ADTS §6.3.3: a DC answers with its names, its site and what it can do.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "stead/locator.h"

namespace stead {

enum class PingAnswer { ok, paused, not_this_domain, silent };

struct PingOutcome {
  PingAnswer answer = PingAnswer::silent;
  NetlogonResponse response;  // if it is ok
};

// Reads the answer to a ping for this domain; empty: for the DC's own. Nothing if the datagram is no answer to the
// message with this id.
[[nodiscard]] std::optional<PingOutcome> judge_ping_reply(Bytes datagram, std::int32_t message_id,
                                                          const std::string& domain);

// Sends one datagram, and a second one after half of `timeout`. A closed port is PingAnswer::silent at once. `domain`
// empty: the DC's own (MS-ADTS §6.3.3.2).
[[nodiscard]] boost::asio::awaitable<PingOutcome> netlogon_ping(boost::asio::any_io_executor executor,
                                                                ControllerAddress controller, std::string domain,
                                                                std::chrono::milliseconds timeout);

}  // namespace stead
