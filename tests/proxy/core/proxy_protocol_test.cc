#include "proxy/core/proxy_protocol.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

using State = ProxyHeaderReader::State;

struct Read {
  State state = State::more;
  std::string client;    // "address port"
  std::size_t size = 0;  // of what was read
};

// As from a socket: never more than the reader wants.
Read read(std::string_view octets) {
  ProxyHeaderReader reader;
  Read out;
  while (out.state == State::more && out.size + reader.wanted() <= octets.size()) {
    EXPECT_GT(reader.wanted(), 0u);
    out.size += reader.wanted();
    out.state = reader.look_at(octets.substr(0, out.size));
  }
  if (out.state == State::done && reader.header().client)
    out.client = reader.header().client->address().to_string() + ' ' + std::to_string(reader.header().client->port());
  return out;
}

std::string binary(unsigned char command, unsigned char family, std::string_view rest) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(command);
  out += static_cast<char>(family);
  out += static_cast<char>(rest.size() >> 8);
  out += static_cast<char>(rest.size() & 0xff);
  return out.append(rest);
}
const std::string kV4("\xc0\x00\x02\x07\xcb\x00\x71\x01\xc3\xcb\x01\xbb", 12);

TEST(ProxyProtocol, ReadsTheClientAndNothingBehindTheHeader) {
  for (const auto& [head, client] : std::initializer_list<std::pair<std::string, std::string>>{
           {"PROXY TCP4 192.0.2.7 203.0.113.1 50123 443\r\n", "192.0.2.7 50123"},
           {"PROXY TCP6 2001:db8::7 2001:db8::1 50123 443\r\n", "2001:db8::7 50123"},
           {"PROXY UNKNOWN\r\n", ""},
           {"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ""},
           {binary(0x21, 0x11, kV4), "192.0.2.7 50123"},
           {binary(0x21, 0x11, kV4 + std::string("\x04\x00\x01x", 4)), "192.0.2.7 50123"},
           {binary(0x21, 0x21,
                   std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + "\x07" + std::string(16, '\0') +
                       std::string("\xc3\xcb\x01\xbb", 4)),
            "2001:db8::7 50123"},
           {binary(0x20, 0x00, ""), ""},
           {binary(0x20, 0x11, kV4), ""},
           {binary(0x21, 0x00, "anything"), ""}}) {
    for (const char* behind : {"", "GET / HTTP/1.1\r\n", "\r\n\r\n"}) {
      const Read got = read(head + behind);
      EXPECT_EQ(got.state, State::done) << head;
      EXPECT_EQ(got.client, client) << head;
      EXPECT_EQ(got.size, head.size()) << head;
    }
    for (std::size_t size = 0; size < head.size(); ++size) EXPECT_EQ(read(head.substr(0, size)).state, State::more);
  }
}

TEST(ProxyProtocol, RefusesEverythingElse) {
  for (const std::string& head :
       {std::string("GET / HTTP/1.1\r\nHost: web\r\n"),
        std::string("\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03 123456789"),
        std::string("PROXY TCP4 192.0.2.7 203.0.113.1 50123\r\n"),
        std::string("PROXY TCP4 192.0.2.7 203.0.113.1 99999 443\r\n"),
        std::string("PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n"),
        std::string("PROXY TCP6 192.0.2.7 203.0.113.1 1 2\r\n"),
        std::string("PROXY TCP4 192.0.2.7 203.0.113.1 050123 443\r\n"),
        std::string("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), std::string("PROXY TCP5 192.0.2.7 203.0.113.1 1 2\r\n"),
        std::string("PROXY TCP4  192.0.2.7 203.0.113.1 1 2\r\n"),
        std::string("PROXY TCP4 192.0.2.7 203.0.113.1 1 2\nGET / HTTP/1.1\r\n"),
        std::string("proxy tcp4 1.2.3.4 1.2.3.4 1 2\r\n"), "PROXY UNKNOWN " + std::string(200, 'x') + "\r\n",
        binary(0x22, 0x11, kV4), binary(0x11, 0x11, kV4), binary(0x21, 0x12, kV4), binary(0x21, 0x11, kV4.substr(1)),
        binary(0x21, 0x31, std::string(216, 'x')), binary(0x21, 0x11, std::string(60000, 'x'))})
    EXPECT_EQ(read(head).state, State::malformed) << head;
}

}  // namespace
}  // namespace stead::proxy
