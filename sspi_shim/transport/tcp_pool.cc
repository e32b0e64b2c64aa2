#include "sspi_shim/transport/tcp_pool.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

namespace stead {
using boost::asio::ip::tcp;

namespace {
constexpr std::size_t kMaxIdlePerPeer = 8;
constexpr std::chrono::seconds kIdleLife{60};

// True if the socket shows neither EOF nor unsolicited data.
bool looks_alive(tcp::socket& socket) {
  char byte;
  const auto n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}
}  // namespace

TcpPool::Socket TcpPool::take(const tcp::endpoint& peer) {
  const auto found = idle_.find(peer);
  if (found == idle_.end()) return nullptr;
  auto& idle = found->second;
  const auto oldest = std::chrono::steady_clock::now() - kIdleLife;
  while (!idle.empty() && idle.front().since < oldest) idle.pop_front();
  while (!idle.empty()) {
    Socket socket = std::move(idle.back().socket);
    idle.pop_back();
    if (looks_alive(*socket)) return socket;
  }
  idle_.erase(found);
  return nullptr;
}

void TcpPool::give_back(const tcp::endpoint& peer, Socket socket) {
  auto& idle = idle_[peer];
  idle.push_back({std::move(socket), std::chrono::steady_clock::now()});
  if (idle.size() > kMaxIdlePerPeer) idle.pop_front();
}

}  // namespace stead
