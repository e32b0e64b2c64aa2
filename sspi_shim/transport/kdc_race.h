#pragma once
// One request on its way to several DCs at once. Each attempt goes by UDP first and by TCP if need be.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sspi_shim/locate/known_controller.h"
#include "sspi_shim/transport/tcp_exchange.h"

namespace stead {

class KdcRace : public std::enable_shared_from_this<KdcRace> {
 public:
  using Clock = std::chrono::steady_clock;
  struct Attempt {
    Attempt(const boost::asio::any_io_executor& executor, KnownController controller)
        : at(std::move(controller)),
          udp(std::make_shared<boost::asio::ip::udp::socket>(executor)),
          tcp(std::make_shared<TcpSlot>()) {}
    KnownController at;
    std::shared_ptr<boost::asio::ip::udp::socket> udp;
    std::shared_ptr<TcpSlot> tcp;
    Clock::time_point started;
    Clock::duration took{};
    std::optional<Result<Buffer>> outcome;  // nothing: under way
    bool was_returned = false;              // by next_outcome()
  };

  // A larger request would be sent in fragments, which firewalls drop: it goes by TCP at once.
  static constexpr std::size_t kMaxDatagram = 1400;

  // `answer_time` is for one DC, datagram and connection together.
  KdcRace(boost::asio::any_io_executor executor, std::shared_ptr<TcpPool> pool, Buffer request,
          std::chrono::milliseconds answer_time, std::size_t max_datagram = kMaxDatagram)
      : executor_(std::move(executor)),
        pool_(std::move(pool)),
        request_(std::move(request)),
        answer_time_(answer_time),
        max_datagram_(max_datagram),
        wake_(executor_) {}

  // Starts asking this DC. The attempt keeps its address as long as the race lives.
  Attempt& start(KnownController controller);
  // Returns at `until`, or as soon as an attempt has an outcome that was not returned yet. False: the caller was
  // cancelled.
  [[nodiscard]] boost::asio::awaitable<bool> wait(Clock::time_point until);
  // The next attempt with an outcome that was not returned yet, or null.
  [[nodiscard]] Attempt* next_outcome();
  [[nodiscard]] const std::vector<std::unique_ptr<Attempt>>& attempts() const { return attempts_; }
  [[nodiscard]] bool is_running() const;
  // Closes every socket, which ends all attempts.
  void close();

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<KdcRace> race, Attempt& attempt);
  boost::asio::awaitable<Result<Buffer>> ask(Attempt& attempt);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<TcpPool> pool_;
  Buffer request_;
  std::chrono::milliseconds answer_time_;
  std::size_t max_datagram_;
  boost::asio::steady_timer wake_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
};

}  // namespace stead
