#include "sspi_shim/locate/ping/kdc_probe.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sspi_shim/locate/ping/udp_exchange.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"

namespace stead {
namespace asio = boost::asio;

Buffer kdc_probe_request(const std::string& realm) {
  KdcReq request;
  request.body.cname = krbtgt_name(realm);
  request.body.realm = realm;
  request.body.sname = krbtgt_name(realm);
  request.body.till =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::minutes(5);
  request.body.nonce = random_nonce();
  request.body.etypes = directory_enctypes(Rc4::refused);
  return encode(request);
}

asio::awaitable<bool> kdc_answers(asio::any_io_executor executor, ControllerAddress controller, std::string realm,
                                  std::chrono::milliseconds timeout) {
  Error address_error;
  const auto address = asio::ip::make_address(controller.address, address_error);
  if (address_error) co_return false;
  const Buffer bytes = kdc_probe_request(realm);
  const auto now = std::chrono::steady_clock::now();
  auto socket = std::make_shared<asio::ip::udp::socket>(executor);
  const asio::ip::udp::endpoint to(address, controller.kerberos_port);
  const UdpTimes times{now + timeout, now + timeout / 2};
  std::function<bool(Bytes)> is_answer = [bytes](Bytes datagram) { return is_reply_to(bytes, datagram); };
  const Result<Buffer> reply = co_await udp_exchange(socket, to, bytes, times, std::move(is_answer));
  co_return reply.has_value();
}

}  // namespace stead
