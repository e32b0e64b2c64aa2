#pragma once
// The NetBIOS name of a domain, from the answer of one of its DCs to a netlogon ping.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "sspi_shim/locate/known_controller.h"

namespace stead {

// Pings the DCs in order until one answers; empty if none does.
[[nodiscard]] boost::asio::awaitable<std::string> netbios_name_of(boost::asio::any_io_executor executor,
                                                                  std::vector<KnownController> controllers,
                                                                  std::string realm, std::chrono::milliseconds timeout);

}  // namespace stead
