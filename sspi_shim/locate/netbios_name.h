#pragma once
// The NetBIOS name of a domain, as one of its DCs tells it in a netlogon answer.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "sspi_shim/locate/known_controller.h"

namespace stead {

// Asks the first of the DCs that answers; empty where none does.
[[nodiscard]] boost::asio::awaitable<std::string> netbios_name_of(boost::asio::any_io_executor executor,
                                                                  std::vector<KnownController> controllers,
                                                                  std::string realm, std::chrono::milliseconds timeout);

}  // namespace stead
