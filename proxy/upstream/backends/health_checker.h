#pragma once
// Asks back ends whether they are well: those of routes with `health` at its interval, and any other one that is out, or
// that has requests and is silent. It runs on one core for the whole process.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "proxy/upstream/backends/upstream_connector.h"
#include "proxy/upstream/backends/upstream_health.h"
#include "stead/s4u.h"

namespace stead::proxy {

class HealthChecker {
 public:
  // `healths` outlives the executor's work. `client`: for checks with a ticket of the proxy's own account;
  // may return null, then they give no verdict.
  HealthChecker(boost::asio::any_io_executor executor, UpstreamHealths& healths, UpstreamConnector& connector,
                std::function<Client*()> client);

  // Starts the checks that are due. The core calls it about four times a second. `owner`: of this and of the connector;
  // the checks keep it until they end.
  void tick(Clock::time_point now, const std::shared_ptr<void>& owner);

 private:
  boost::asio::awaitable<void> check(std::shared_ptr<UpstreamHealth> health);
  enum class Verdict { well, unwell, unknown };
  struct Result {
    Verdict verdict = Verdict::unwell;
    std::string why;
  };
  boost::asio::awaitable<Result> ask(const BackEnd& back_end);
  boost::asio::awaitable<Result> read_answer(UpstreamConnection& connection, const BackEnd& back_end);
  // "Authorization: Negotiate …" and the line's end; empty without a ticket. Sets `failed` where there should be one.
  boost::asio::awaitable<std::string> authorization(const UpstreamConnection& connection, const BackEnd& back_end,
                                                    Result& failed);

  boost::asio::any_io_executor executor_;
  UpstreamHealths& healths_;
  UpstreamConnector& connector_;
  std::function<Client*()> client_;
};

}  // namespace stead::proxy
