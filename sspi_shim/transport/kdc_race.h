#pragma once
// One request on its way to the DCs of a realm: the first is asked, the next one beside it where no answer comes, and
// the first answer wins. How the transport does its work; nobody else includes it.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "sspi_shim/transport/kdc_transport.h"
#include "sspi_shim/transport/tcp_pool.h"

namespace stead {

struct RaceTimes {
  std::chrono::milliseconds answer;    // for one DC, datagram and connection together
  std::chrono::milliseconds hedge;     // of silence, before the next DC is asked beside it
  std::chrono::milliseconds patience;  // before the next is asked beside one that goes on answering others
};

class KdcRace : public std::enable_shared_from_this<KdcRace> {
 public:
  struct Attempt {
    Attempt(const boost::asio::any_io_executor& executor, KnownController controller)
        : at(std::move(controller)),
          udp(std::make_shared<boost::asio::ip::udp::socket>(executor)),
          tcp(std::make_shared<TcpSlot>()) {}
    KnownController at;
    std::shared_ptr<boost::asio::ip::udp::socket> udp;
    std::shared_ptr<TcpSlot> tcp;
    std::chrono::steady_clock::time_point started;
    std::chrono::steady_clock::duration took{};
    std::optional<Result<Buffer>> outcome;
    bool judged = false;
  };

  KdcRace(boost::asio::any_io_executor executor, std::shared_ptr<TcpPool> pool, Buffer request, RaceTimes times)
      : executor_(std::move(executor)),
        pool_(std::move(pool)),
        request_(std::move(request)),
        times_(times),
        wake_(executor_) {}

  // Starts asking; the attempt stays where it is as long as the race does.
  Attempt& start(KnownController controller);
  // Returns at `until`, or as soon as an attempt has an outcome that was not there before. False: the caller was
  // cancelled.
  [[nodiscard]] boost::asio::awaitable<bool> wait(std::chrono::steady_clock::time_point until);
  // The next attempt with an outcome that was not returned yet, or null.
  [[nodiscard]] Attempt* next_outcome();
  [[nodiscard]] const std::vector<std::unique_ptr<Attempt>>& attempts() const { return attempts_; }
  [[nodiscard]] bool running() const;
  void give_up();  // closes every socket

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<KdcRace> race, Attempt& attempt);
  boost::asio::awaitable<Result<Buffer>> ask(Attempt& attempt);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<TcpPool> pool_;
  Buffer request_;
  RaceTimes times_;
  boost::asio::steady_timer wake_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
};

}  // namespace stead
