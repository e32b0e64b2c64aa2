#include "sspi_shim/locate/netbios_name.h"

#include <chrono>
#include <string>
#include <vector>

#include "sspi_shim/locate/ping/netlogon_ping.h"

namespace stead {

boost::asio::awaitable<std::string> netbios_name_of(boost::asio::any_io_executor executor,
                                                    std::vector<KnownController> controllers, std::string realm,
                                                    std::chrono::milliseconds timeout) {
  for (const auto& controller : controllers) {
    const PingOutcome outcome = co_await netlogon_ping(executor, controller.where, realm, timeout);
    if (outcome.answer == PingAnswer::ok) co_return outcome.response.netbios_domain_name;
  }
  co_return std::string();
}

}  // namespace stead
