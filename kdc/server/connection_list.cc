#include "kdc/server/connection_list.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace stead::kdc {
namespace {

using asio::ip::tcp;
using std::chrono::steady_clock;

void close(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.close(ignored);
}

}  // namespace

ConnectionList::Listed::Listed(ConnectionList& list, tcp::socket& socket)
    : connections_(list.connections_),
      at_(connections_.insert(connections_.end(), Connection{&socket, steady_clock::now()})) {}

ConnectionList::Listed::~Listed() {
  connections_.erase(at_);
}

void ConnectionList::Listed::begin_message() {
  at_->begun = steady_clock::now();
  connections_.splice(connections_.end(), connections_, at_);
}

void ConnectionList::make_room(std::size_t limit) {
  if (connections_.size() < limit) return;
  // A closed socket stays in the list until its coroutine has ended, so it does not count here.
  for (const Connection& connection : connections_)
    if (connection.socket->is_open()) return close(*connection.socket);
}

asio::awaitable<void> ConnectionList::close_silent(asio::io_context& io) {
  asio::steady_timer timer(io);
  for (;;) {
    const auto now = steady_clock::now();
    // A connection that does not exist yet has its deadline after this.
    auto wake = now + idle_timeout_;
    for (const Connection& connection : connections_) {
      const auto deadline = connection.begun + idle_timeout_;
      if (deadline > now) {
        wake = deadline;
        break;
      }
      if (connection.socket->is_open()) close(*connection.socket);
    }
    timer.expires_at(wake);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace stead::kdc
