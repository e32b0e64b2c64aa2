#include "sspi_shim/transport/kdc_race.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sspi_shim/locate/ping/udp_exchange.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"

namespace stead {
namespace asio = boost::asio;

KdcRace::Attempt& KdcRace::start(KnownController controller) {
  attempts_.push_back(std::make_unique<Attempt>(executor_, std::move(controller)));
  Attempt& attempt = *attempts_.back();
  attempt.started = Clock::now();
  asio::co_spawn(executor_, run(shared_from_this(), attempt), asio::detached);
  return attempt;
}

asio::awaitable<void> KdcRace::run(std::shared_ptr<KdcRace> race, Attempt& attempt) {
  Result<Buffer> outcome = co_await race->ask(attempt);
  attempt.took = Clock::now() - attempt.started;
  attempt.outcome.emplace(std::move(outcome));
  race->wake_.cancel();
}

asio::awaitable<Result<Buffer>> KdcRace::ask(Attempt& attempt) {
  Error address_error;
  const auto address = asio::ip::make_address(attempt.at.where.address, address_error);
  if (address_error) co_return address_error;
  Error datagram_error;
  if (request_.size() <= max_datagram_) {
    const asio::ip::udp::endpoint to(address, attempt.at.where.kerberos_port);
    const UdpTimes times{attempt.started + answer_time_ / 2, std::nullopt};
    std::function<bool(Bytes)> is_answer = [self = shared_from_this()](Bytes bytes) {
      return is_reply_to(self->request_, bytes);
    };
    Result<Buffer> reply = co_await udp_exchange(attempt.udp, to, request_, times, std::move(is_answer));
    if (reply && !is_krb_error(*reply, KrbErrc::KRB_ERR_RESPONSE_TOO_BIG)) co_return reply;
    // The reply is too big for a datagram, one was lost, or the DC does not speak UDP: TCP may still work.
    if (!reply) datagram_error = reply.error();
  }
  const asio::ip::tcp::endpoint peer(address, attempt.at.where.kerberos_port);
  const auto until = attempt.started + answer_time_;
  Result<Buffer> reply = co_await tcp_exchange(pool_, attempt.tcp, executor_, peer, request_, until);
  if (reply && !is_reply_to(request_, *reply)) co_return make_error_code(WireErrc::bad_value);
  // A host that let the datagram time out is silent, whatever TCP failed with.
  if (!reply && datagram_error == asio::error::timed_out) co_return datagram_error;
  co_return reply;
}

asio::awaitable<bool> KdcRace::wait(Clock::time_point until) {
  const bool has_outcome = std::any_of(attempts_.begin(), attempts_.end(),
                                       [](const auto& attempt) { return attempt->outcome && !attempt->was_returned; });
  if (has_outcome) co_return true;
  wake_.expires_at(until);
  co_await wake_.async_wait(asio::as_tuple(asio::deferred));
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() == asio::cancellation_type::none;
}

KdcRace::Attempt* KdcRace::next_outcome() {
  for (const auto& attempt : attempts_) {
    if (!attempt->outcome || attempt->was_returned) continue;
    attempt->was_returned = true;
    return attempt.get();
  }
  return nullptr;
}

bool KdcRace::is_running() const {
  return std::any_of(attempts_.begin(), attempts_.end(), [](const auto& attempt) { return !attempt->outcome; });
}

void KdcRace::close() {
  for (const auto& attempt : attempts_) {
    attempt->tcp->cancel();
    Error ignored;
    attempt->udp->close(ignored);
  }
}

}  // namespace stead
