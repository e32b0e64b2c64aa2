#include "sspi_shim/transport/kdc_transport.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <map>

#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/locate/realm_proxy.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/transport/kdc_proxy.h"
#include "sspi_shim/transport/kdc_race.h"

namespace stead {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kHedge{250};
constexpr std::uint32_t kCapable =
    0x200 | 0x400 | 0x200000;  // DS_IP, DS_KDC and DS_DIRECTORY_SERVICE_8_REQUIRED (MS-KILE §3.2.5.3)

// Ends the race, however the coroutine that runs it ends.
struct Finish {
  std::shared_ptr<KdcRace> race;
  ~Finish() { race->give_up(); }
};

class Transport final : public KdcTransport {
 public:
  Transport(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator, std::chrono::milliseconds timeout,
            LocatorOptions options)
      : executor_(std::move(executor)), locator_(std::move(locator)), timeout_(timeout), options_(std::move(options)) {}

  asio::awaitable<KdcExchangeResult> send(std::string realm, Buffer request) override {
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      KdcExchangeResult relayed = co_await relay(*proxy, std::move(realm), std::move(request), std::nullopt);
      co_return relayed;
    }
    std::vector<KnownController> controllers = co_await locator_->controllers(realm);
    KdcExchangeResult result = co_await send_to(std::move(controllers), std::move(realm), std::move(request));
    co_return result;
  }

  asio::awaitable<KdcExchangeResult> send_to(std::vector<KnownController> controllers, std::string realm,
                                             Buffer request) override {
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      // Whoever names controllers has looked for capable ones; the relay is told to do so.
      KdcExchangeResult relayed = co_await relay(*proxy, std::move(realm), std::move(request), kCapable);
      co_return relayed;
    }
    if (controllers.empty()) co_return KdcExchangeResult{make_error_code(asio::error::host_not_found), {}};
    const RaceTimes times{timeout_, hedge(), timeout_ * 3 / 4};
    const auto race = std::make_shared<KdcRace>(executor_, pool_, std::move(request), times);
    const Finish finish{race};
    KdcExchangeResult result{make_error_code(asio::error::timed_out), {}};
    std::optional<KdcReply> unavailable;  // stands where no other DC answers
    Error last_error;
    bool timed_out = false;
    std::size_t next = 0;
    Clock::time_point next_at = Clock::now();
    const KdcRace::Attempt* last = nullptr;
    for (;;) {
      const bool waiting = race->running();
      // A DC that goes on answering others lives: it is slow with this request, or lost it.
      if (last && next_at <= Clock::now())
        next_at = std::max(next_at, std::min(heard(*last) + times.hedge, last->started + times.patience));
      if (next < controllers.size() && (!waiting || Clock::now() >= next_at)) {
        last = &race->start(controllers[next++]);
        next_at = last->started + times.hedge;
      } else if (!waiting) {
        break;
      }
      const bool go_on = co_await race->wait(next < controllers.size() ? next_at : Clock::now() + timeout_);
      if (!go_on) {
        result.reply = make_error_code(asio::error::operation_aborted);
        co_return result;
      }
      while (KdcRace::Attempt* attempt = race->next_outcome()) {
        if (!attempt->outcome->has_value()) {
          last_error = attempt->outcome->error();
          timed_out = timed_out || last_error == asio::error::timed_out;
          result.silent.push_back({attempt->at, attempt->took});
          locator_->mark_silent(attempt->at.where);
          next_at = Clock::now();
          last = nullptr;
          continue;
        }
        heard_[{attempt->at.where.address, attempt->at.where.kerberos_port}] = Clock::now();
        locator_->mark_alive(attempt->at.where);
        KdcReply reply{std::move(**attempt->outcome), attempt->at, attempt->took};
        if (is_krb_error(reply.bytes, KrbErrc::KDC_ERR_SVC_UNAVAILABLE)) {
          unavailable = std::move(reply);
          next_at = Clock::now();
          last = nullptr;
          continue;
        }
        note_outrun(*race, result);
        result.reply = std::move(reply);
        co_return result;
      }
    }
    if (unavailable) {
      result.reply = std::move(*unavailable);
    } else {
      result.reply = timed_out ? make_error_code(asio::error::timed_out) : last_error;
    }
    co_return result;
  }

 private:
  // By HTTPS; the relay chooses the KDC and waits for it.
  asio::awaitable<KdcExchangeResult> relay(const KdcProxy& proxy, std::string realm, Buffer request,
                                           std::optional<std::uint32_t> hint) {
    const auto begun = Clock::now();
    const KnownController at{controller_behind(proxy), DcLevel::unknown};
    auto& kept = relays_[proxy.url];
    if (!kept) {
      auto made = make_kdc_proxy_client(executor_, proxy);
      if (!made) co_return KdcExchangeResult{made.error(), {}};
      kept = *made;
    }
    const std::shared_ptr<KdcProxyClient> client = kept;
    Result<Buffer> answer = co_await client->exchange(to_upper(realm), request, hint, begun + 3 * timeout_);
    if (answer && !is_reply_to(request, *answer)) answer = make_error_code(WireErrc::bad_value);
    const auto took = Clock::now() - begun;
    if (answer) co_return KdcExchangeResult{KdcReply{std::move(*answer), at, took}, {}};
    KdcExchangeResult none{answer.error(), {}};
    none.silent.push_back({at, took});
    co_return none;
  }

  [[nodiscard]] std::chrono::milliseconds hedge() const { return std::min(kHedge, timeout_ / 2); }
  // When this DC answered anybody last.
  [[nodiscard]] Clock::time_point heard(const KdcRace::Attempt& attempt) const {
    const auto found = heard_.find({attempt.at.where.address, attempt.at.where.kerberos_port});
    return found == heard_.end() ? Clock::time_point() : found->second;
  }

  // DCs that had their time, and whose answer is not waited for any more because another one came.
  void note_outrun(const KdcRace& race, KdcExchangeResult& result) {
    const auto now = Clock::now();
    for (const auto& attempt : race.attempts()) {
      const bool had_time = now - attempt->started >= hedge();
      if (attempt->outcome || !had_time) continue;
      if (now - heard(*attempt) < hedge()) continue;  // slow, not silent
      result.silent.push_back({attempt->at, now - attempt->started});
      locator_->mark_silent(attempt->at.where);
    }
  }

  asio::any_io_executor executor_;
  std::shared_ptr<DcLocator> locator_;
  std::chrono::milliseconds timeout_;
  LocatorOptions options_;
  std::map<std::string, std::shared_ptr<KdcProxyClient>> relays_;  // by URL
  std::shared_ptr<TcpPool> pool_ = std::make_shared<TcpPool>();
  std::map<std::pair<std::string, std::uint16_t>, Clock::time_point> heard_;
};

}  // namespace

std::shared_ptr<KdcTransport> make_kdc_transport(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator,
                                                 std::chrono::milliseconds timeout, LocatorOptions options) {
  return std::make_shared<Transport>(std::move(executor), std::move(locator), timeout, std::move(options));
}

}  // namespace stead
