#pragma once
// Serves one UDP socket.
#include <boost/asio/ip/udp.hpp>

#include "kdc/server/server_core.h"

namespace stead::kdc {

// Runs on the core's io_context until the socket is closed. The socket is non-blocking. A request whose keys are
// derived is answered without an allocation for the datagram and without a suspension.
[[nodiscard]] asio::awaitable<void> serve_udp(Core& core, const ServedController& served, Service service,
                                              asio::ip::udp::socket socket);

}  // namespace stead::kdc
