#pragma once
// DCs and a nameserver for the locator's tests, on the test's io_context.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/locate/dns/dns_srv.h"
#include "sspi_shim/locate/locator_times.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "tests/s4u/fake_kdc.h"

namespace stead::test {

// The locator's clock, which stands still until the test moves it. DNS times out soon.
class FakeClock {
 public:
  [[nodiscard]] LocatorTimes times() const {
    return {[now = now_] { return *now; }, std::chrono::milliseconds(200)};
  }
  void advance(std::chrono::steady_clock::duration by) { *now_ += by; }

 private:
  std::shared_ptr<std::chrono::steady_clock::time_point> now_ =
      std::make_shared<std::chrono::steady_clock::time_point>(std::chrono::steady_clock::now());
};

// Answers datagrams by a function, on a port of 127.0.0.1 unless told otherwise.
class UdpFake {
 public:
  UdpFake(asio::io_context& io, std::function<std::vector<Buffer>(Bytes)> answer,
          const asio::ip::udp::endpoint& at = {asio::ip::address_v4::loopback(), 0})
      : socket_(io, at), answer_(std::move(answer)) {
    asio::co_spawn(io, serve(), asio::detached);
  }
  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }
  void stop() { socket_.close(); }

 private:
  asio::awaitable<void> serve() {
    std::array<std::uint8_t, 65536> bytes;
    for (;;) {
      asio::ip::udp::endpoint peer;
      const auto [error, size] = co_await socket_.async_receive_from(asio::buffer(bytes), peer, as_result);
      if (error) co_return;
      for (const Buffer& reply : answer_({bytes.data(), size}))
        co_await socket_.async_send_to(asio::buffer(reply), peer, as_result);
    }
  }
  asio::ip::udp::socket socket_;
  std::function<std::vector<Buffer>(Bytes)> answer_;
};

constexpr std::uint32_t k2008 = 0x33fd, k2012 = 0x73fd, k2016 = 0x1f3fd;  // the flags of a DC, by level

// A DC that answers netlogon pings.
class FakeDc {
 public:
  FakeDc(asio::io_context& io, std::string name, std::uint32_t flags, std::string domain = "corp.test")
      : ldap_(io, [this](Bytes datagram) { return answer(datagram); }) {
    response.flags = flags;
    response.dns_domain_name = response.dns_forest_name = std::move(domain);
    response.dns_host_name = name;
    response.dc_site_name = response.client_site_name = "Here";
    where = {std::move(name), "127.0.0.1", static_cast<std::uint16_t>(ldap_.port() ^ 1U), ldap_.port()};
  }
  void stop() { ldap_.stop(); }

  NetlogonResponse response;
  ControllerAddress where;
  int pings = 0;
  int ignored = 0;  // this many of the next datagrams get no answer
  bool garbage_first = false;
  bool hosts_domain = true;
  NetlogonPing asked;  // the last ping

 private:
  std::vector<Buffer> answer(Bytes datagram) {
    ++pings;
    const auto search = decode_ping_search(datagram);
    if (!search || ignored-- > 0) return {};
    if (const auto ping = netlogon_ping_of(*search)) asked = *ping;
    PingReply reply;
    reply.message_id = search->message_id;
    if (hosts_domain) reply.netlogon = encode(response);
    std::vector<Buffer> out;
    if (garbage_first) {
      PingReply other = reply;
      other.message_id = reply.message_id ^ 1;
      out = {{}, {0x30}, {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, encode(other)};
      Buffer cut = encode(reply);
      cut.resize(cut.size() / 2);
      out.push_back(cut);
    }
    out.push_back(encode(reply));
    return out;
  }
  UdpFake ldap_;
};

inline void put_u16(Buffer& out, std::uint16_t value) {
  append(out, std::array<std::uint8_t, 2>{std::uint8_t(value >> 8), std::uint8_t(value)});
}
inline void put_name(Buffer& out, std::string_view name) {
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    out.push_back(static_cast<std::uint8_t>(dot));
    append(out, as_bytes(name.substr(0, dot)));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out.push_back(0);
}

// A nameserver with SRV and A records. Any other name does not exist.
class FakeDns {
 public:
  explicit FakeDns(asio::io_context& io, const asio::ip::udp::endpoint& at = {asio::ip::address_v4::loopback(), 0})
      : udp_(io, [this](Bytes query) { return answer(query); }, at) {}
  [[nodiscard]] std::uint16_t port() const { return udp_.port(); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  std::map<std::string, std::vector<SrvRecord>> srv;
  std::map<std::string, std::string> a;
  std::vector<std::string> asked;
  bool silent = false;

  static Buffer srv_answer(Bytes question, const std::vector<SrvRecord>& records) {
    Buffer out = header(question, records.size(), 0);
    for (const SrvRecord& record : records) {
      Buffer data;
      put_u16(data, record.priority), put_u16(data, record.weight), put_u16(data, record.port);
      put_name(data, record.target);
      put_record(out, 33, record.ttl, data);
    }
    return out;
  }

 private:
  static Buffer header(Bytes question, std::size_t answers, std::uint8_t code) {
    Buffer out(question.begin(), question.begin() + 2);
    append(out, Buffer{0x81, std::uint8_t(0x80 | code), 0, 1, 0, std::uint8_t(answers), 0, 0, 0, 0});
    append(out, question.subspan(12, question_size(question)));
    return out;
  }
  static std::size_t question_size(Bytes question) {
    std::size_t at = 12;
    while (question[at] != 0) at += question[at] + 1U;
    return at + 5 - 12;
  }
  static void put_record(Buffer& out, std::uint16_t type, std::uint32_t ttl, const Buffer& data) {
    append(out, Buffer{0xc0, 12});
    put_u16(out, type), put_u16(out, 1);
    put_u16(out, std::uint16_t(ttl >> 16)), put_u16(out, std::uint16_t(ttl));
    put_u16(out, static_cast<std::uint16_t>(data.size()));
    append(out, data);
  }

  std::vector<Buffer> answer(Bytes query) {
    if (silent || query.size() < 17) return {};
    std::string name;
    std::size_t at = 12;
    for (; query[at] != 0; at += query[at] + 1U)
      name += (name.empty() ? "" : ".") + std::string(as_text(query.subspan(at + 1, query[at])));
    const std::uint16_t type = load_be16(query.data() + at + 1);
    asked.push_back(name);
    if (type == 33 && srv.contains(name)) return {srv_answer(query, srv[name])};
    if (type == 1 && a.contains(name)) {
      Buffer out = header(query, 1, 0);
      const auto address = asio::ip::make_address_v4(a[name]).to_bytes();
      put_record(out, 1, 300, Buffer(address.begin(), address.end()));
      return {out};
    }
    return {header(query, 0, a.contains(name) ? 0 : 3)};
  }
  UdpFake udp_;
};

}  // namespace stead::test
