#include "kdc/ldap/cldap_responder.h"
#include "kdc/server/server_core.h"

namespace stead::kdc {
namespace {

// Datagrams answered before other sockets of the core have their turn.
constexpr int kBatch = 64;

}  // namespace

UdpEndpoint::UdpEndpoint(Core& core, const ServedController& served, Service service, asio::ip::udp::socket socket)
    : core_(core), served_(served), service_(service), socket_(std::move(socket)) {}

void UdpEndpoint::start() {
  socket_.async_wait(asio::ip::udp::socket::wait_read, [this](const Error& error) {
    if (error == asio::error::operation_aborted) return;
    drain();
    start();
  });
}

void UdpEndpoint::drain() {
  for (int i = 0; i < kBatch; ++i) {
    asio::ip::udp::endpoint from;
    Error error;
    const std::size_t size = socket_.receive_from(asio::buffer(core_.datagram), from, 0, error);
    if (error == asio::error::would_block) return;
    if (error) continue;  // an ICMP error about an earlier reply
    answer(Bytes(core_.datagram).first(size), from);
  }
}

void UdpEndpoint::answer(Bytes request, const asio::ip::udp::endpoint& from) {
  const auto reply_later = [this, from](const Buffer& reply) { send(reply, from); };
  switch (service_) {
    case Service::cldap: {
      const Snapshot& directory = core_.snapshot();
      if (const DomainEntry* domain = directory.domain(served_.realm))
        send(cldap_reply(directory, *domain, served_.controller, request), from);
      return;
    }
    case Service::kpasswd: {
      Error error;
      const auto local = socket_.local_endpoint(error);
      return core_.change_password(served_, to_buffer(request), local.address(), reply_later);
    }
    case Service::kerberos: {
      Core::Immediate answer = core_.answer_now(served_, request, true);
      if (answer.missing.keys.empty()) return send(answer.reply, from);
      return core_.answer_later(served_, to_buffer(request), std::move(answer.missing), true, reply_later);
    }
  }
}

// A full socket buffer drops the reply, as the network might: the client asks again.
void UdpEndpoint::send(Bytes reply, const asio::ip::udp::endpoint& to) {
  if (reply.empty()) return;
  Error ignored;
  socket_.send_to(asio::buffer(reply.data(), reply.size()), to, 0, ignored);
}

}  // namespace stead::kdc
