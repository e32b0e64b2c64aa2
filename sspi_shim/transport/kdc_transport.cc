#include "sspi_shim/transport/kdc_transport.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/locate/realm_proxy.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/transport/hedged_exchange.h"
#include "sspi_shim/transport/kdc_proxy.h"

namespace stead {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kHedge{250};
// DS_IP, DS_KDC and DS_DIRECTORY_SERVICE_8_REQUIRED (MS-KILE §3.2.5.3)
constexpr std::uint32_t kCapableDc = 0x200 | 0x400 | 0x200000;

class Transport final : public KdcTransport {
 public:
  Transport(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator, std::chrono::milliseconds timeout,
            LocatorOptions options)
      : executor_(std::move(executor)), locator_(std::move(locator)), timeout_(timeout), options_(std::move(options)) {}

  asio::awaitable<KdcExchangeResult> send(std::string realm, Buffer request) override {
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      KdcExchangeResult result = co_await send_by_proxy(*proxy, std::move(realm), std::move(request), std::nullopt);
      co_return result;
    }
    std::vector<KnownController> controllers = co_await locator_->controllers(realm);
    KdcExchangeResult result = co_await send_to(std::move(controllers), std::move(realm), std::move(request));
    co_return result;
  }

  asio::awaitable<KdcExchangeResult> send_to(std::vector<KnownController> controllers, std::string realm,
                                             Buffer request) override {
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      // Callers name DCs when a DC must be of the 2012 level or later. The KDC proxy gets that as a hint.
      KdcExchangeResult result = co_await send_by_proxy(*proxy, std::move(realm), std::move(request), kCapableDc);
      co_return result;
    }
    if (controllers.empty()) co_return KdcExchangeResult{make_error_code(asio::error::host_not_found), {}};
    const HedgeTimes times{timeout_, std::min(kHedge, timeout_ / 2), timeout_ * 3 / 4};
    auto race = std::make_shared<KdcRace>(executor_, pool_, std::move(request), timeout_,
                                          std::min(KdcRace::kMaxDatagram, options_.largest_datagram));
    HedgedExchange exchange(std::move(race), std::move(controllers), times, locator_, last_answers_);
    KdcExchangeResult result = co_await exchange.run();
    co_return result;
  }

 private:
  // The KDC proxy chooses the KDC and waits for it.
  asio::awaitable<KdcExchangeResult> send_by_proxy(const KdcProxy& proxy, std::string realm, Buffer request,
                                                   std::optional<std::uint32_t> hint) {
    const auto begun = Clock::now();
    const KnownController at{controller_behind(proxy), DcLevel::unknown};
    auto& kept = proxies_[proxy.url];
    if (!kept) {
      auto made = make_kdc_proxy_client(executor_, proxy);
      if (!made) co_return KdcExchangeResult{made.error(), {}};
      kept = *made;
    }
    const std::shared_ptr<KdcProxyClient> client = kept;
    realm = to_upper(realm);
    Result<Buffer> answer = co_await client->exchange(std::move(realm), request, hint, begun + 3 * timeout_);
    if (answer && !is_reply_to(request, *answer)) answer = make_error_code(WireErrc::bad_value);
    const auto took = Clock::now() - begun;
    if (answer) co_return KdcExchangeResult{KdcReply{std::move(*answer), at, took}, {}};
    KdcExchangeResult failed{answer.error(), {}};
    failed.silent.push_back({at, took});
    co_return failed;
  }

  asio::any_io_executor executor_;
  std::shared_ptr<DcLocator> locator_;
  std::chrono::milliseconds timeout_;
  LocatorOptions options_;
  std::map<std::string, std::shared_ptr<KdcProxyClient>> proxies_;  // by URL
  std::shared_ptr<TcpPool> pool_ = std::make_shared<TcpPool>();
  std::shared_ptr<LastAnswers> last_answers_ = std::make_shared<LastAnswers>();
};

}  // namespace

std::shared_ptr<KdcTransport> make_kdc_transport(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator,
                                                 std::chrono::milliseconds timeout, LocatorOptions options) {
  return std::make_shared<Transport>(std::move(executor), std::move(locator), timeout, std::move(options));
}

}  // namespace stead
