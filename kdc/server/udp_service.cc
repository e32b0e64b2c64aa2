#include "kdc/server/udp_service.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "kdc/ldap/cldap_responder.h"
#include "kdc/server/fault_delay.h"

namespace stead::kdc {
namespace {

using asio::ip::udp;

// Datagrams answered before other sockets of the core have their turn.
constexpr int kMaxBatch = 64;

using SocketPtr = std::shared_ptr<udp::socket>;

// If the socket buffer is full, the reply is dropped, as the network may do: the client asks again.
void send(udp::socket& socket, Bytes reply, const udp::endpoint& to) {
  if (reply.empty()) return;
  Error ignored;
  socket.send_to(asio::buffer(reply.data(), reply.size()), to, 0, ignored);
}

asio::awaitable<void> answer_kerberos_later(Core& core, const ServedController& served, SocketPtr socket,
                                            Buffer request, NeedKeys missing, udp::endpoint from) {
  const Buffer reply = co_await core.answer_later(served, std::move(request), std::move(missing), Transport::udp);
  send(*socket, reply, from);
}

asio::awaitable<void> answer_kpasswd(Core& core, const ServedController& served, SocketPtr socket, Buffer request,
                                     udp::endpoint from) {
  Error ignored;
  const asio::ip::address local = socket->local_endpoint(ignored).address();
  const Buffer reply = co_await core.change_password(served, std::move(request), local);
  send(*socket, reply, from);
}

void answer_at_once(Core& core, const ServedController& served, Service service, const SocketPtr& socket, Bytes request,
                    const udp::endpoint& from) {
  switch (service) {
    case Service::ldaps:  // it has no UDP
    case Service::ldap: {
      const Snapshot& directory = core.snapshot();
      if (const DomainEntry* domain = directory.domain(served.realm))
        send(*socket, cldap_reply(directory, *domain, served.controller, request), from);
      return;
    }
    case Service::kpasswd:
      return core.spawn(answer_kpasswd(core, served, socket, to_buffer(request), from));
    case Service::kerberos: {
      Core::Immediate answer = core.answer_now(served, request, Transport::udp);
      if (answer.missing.keys.empty()) return send(*socket, answer.reply, from);
      return core.spawn(
          answer_kerberos_later(core, served, socket, to_buffer(request), std::move(answer.missing), from));
    }
  }
}

asio::awaitable<void> answer_late(Core& core, const ServedController& served, Service service, SocketPtr socket,
                                  Buffer request, udp::endpoint from, std::chrono::milliseconds latency) {
  co_await wait_for_latency(core, latency);
  answer_at_once(core, served, service, socket, request, from);
}

void answer(Core& core, const ServedController& served, Service service, const SocketPtr& socket, Bytes request,
            const udp::endpoint& from) {
  const Faults& faults = core.controller(served).faults;
  if (is_dropped(core, faults)) return;
  if (faults.latency.count() == 0) return answer_at_once(core, served, service, socket, request, from);
  core.spawn(answer_late(core, served, service, socket, to_buffer(request), from, faults.latency));
}

void answer_batch(Core& core, const ServedController& served, Service service, const SocketPtr& socket) {
  for (int i = 0; i < kMaxBatch; ++i) {
    udp::endpoint from;
    Error error;
    const std::size_t size = socket->receive_from(asio::buffer(core.datagram), from, 0, error);
    if (error == asio::error::would_block) return;
    if (error) continue;  // an ICMP error about an earlier reply
    answer(core, served, service, socket, Bytes(core.datagram).first(size), from);
  }
}

}  // namespace

asio::awaitable<void> serve_udp(Core& core, const ServedController& served, Service service, udp::socket socket) {
  const auto shared = std::make_shared<udp::socket>(std::move(socket));
  for (;;) {
    const auto [error] = co_await shared->async_wait(udp::socket::wait_read, as_result);
    if (error == asio::error::operation_aborted) co_return;
    answer_batch(core, served, service, shared);
  }
}

}  // namespace stead::kdc
