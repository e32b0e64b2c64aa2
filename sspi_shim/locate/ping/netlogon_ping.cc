#include "sspi_shim/locate/ping/netlogon_ping.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/ping/udp_exchange.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace asio = boost::asio;

std::optional<PingOutcome> judge_ping_reply(Bytes datagram, std::int32_t message_id, const std::string& domain) {
  const auto reply = decode_ping_reply(datagram);
  if (!reply || reply->message_id != message_id) return std::nullopt;
  PingOutcome outcome;
  outcome.answer = PingAnswer::not_this_domain;
  if (reply->netlogon.empty()) return outcome;  // MS-ADTS §6.3.3.3: success without the attribute
  auto response = decode_netlogon_response(reply->netlogon, NetlogonPing{}.nt_version);
  if (!response) return std::nullopt;
  if (response->opcode == NetlogonOpcode::pause_response_ex) {
    outcome.answer = PingAnswer::paused;
  } else if (domain.empty() || equal_ignoring_case(response->dns_domain_name, domain)) {
    outcome.answer = PingAnswer::ok;
  }
  outcome.response = std::move(*response);
  return outcome;
}

asio::awaitable<PingOutcome> netlogon_ping(asio::any_io_executor executor, ControllerAddress controller,
                                           std::string domain, std::chrono::milliseconds timeout) {
  Error address_error;
  const auto address = asio::ip::make_address(controller.address, address_error);
  if (address_error) co_return PingOutcome{};
  const auto message_id = static_cast<std::int32_t>(random_nonce());
  NetlogonPing ping;
  ping.dns_domain = to_lower(domain);
  Buffer request = encode(to_search(ping, message_id));
  const auto now = std::chrono::steady_clock::now();
  auto socket = std::make_shared<asio::ip::udp::socket>(executor);
  const asio::ip::udp::endpoint to(address, controller.ldap_port);
  const UdpTimes times{now + timeout, now + timeout / 2};
  std::function<bool(Bytes)> is_answer = [message_id, domain](Bytes datagram) {
    return judge_ping_reply(datagram, message_id, domain).has_value();
  };
  const Result<Buffer> datagram = co_await udp_exchange(socket, to, std::move(request), times, std::move(is_answer));
  if (!datagram) co_return PingOutcome{};
  co_return judge_ping_reply(*datagram, message_id, domain).value_or(PingOutcome{});
}

}  // namespace stead
