#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/der/der_writer.h"
#include "sspi_shim/protocol/messages/ldap_messages.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "tests/protocol/refusals.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

namespace s = samples;

PingSearch ping_search() {
  return to_search(s::netlogon_ping(), 5);
}

// The same LDAP message with every length in four octets, as Windows writes them.
Buffer with_long_lengths(Bytes ber) {
  Buffer out;
  der::Reader in(ber);
  while (!in.at_end()) {
    const std::uint8_t tag = in.peek();
    const Bytes content = in.raw(tag);
    const Buffer inner = (tag & 0x20) != 0 ? with_long_lengths(content) : to_buffer(content);
    Buffer length(4);
    store_be32(length.data(), std::uint32_t(inner.size()));
    out.push_back(tag);
    out.push_back(0x84);
    append(out, length);
    append(out, inner);
  }
  EXPECT_FALSE(in.failed());
  return out;
}

TEST(PingSearch, GoesThereAndBack) {
  const auto encode_any = [](const PingSearch& value) { return encode(value); };
  expect_round_trip(ping_search(), decode_ping_search, encode_any);
  expect_refuses_every_prefix(encode(ping_search()), decode_ping_search);
  expect_refuses_trailing_byte(encode(ping_search()), decode_ping_search);
  const Buffer long_lengths = with_long_lengths(encode(ping_search()));
  EXPECT_EQ(long_lengths[1], 0x84);
  EXPECT_EQ(decode_ping_search(long_lengths).value(), ping_search());
  expect_refuses_every_prefix(long_lengths, decode_ping_search);
}

TEST(PingSearch, IsReadAsOpenLdapWritesIt) {
  // ldapsearch -H cldap://… -s base -b "" "(NtVer=\06\00\00\00)" netlogon, with a control behind.
  const Buffer datagram = from_hex(
      "3033 020102 632c 0400 0a0100 0a0100 020100 020100 010100 a30d 04054e74566572 040406000000 300a "
      "04086e65746c6f676f6e a000");
  Buffer fixed = datagram;
  fixed[1] = std::uint8_t(fixed.size() - 2);
  fixed[6] = std::uint8_t(fixed.size() - 7 - 2);
  const PingSearch search = decode_ping_search(fixed).value();
  EXPECT_EQ(search.message_id, 2);
  EXPECT_EQ(search.filter, (std::vector<EqualityMatch>{{"NtVer", {6, 0, 0, 0}}}));
  EXPECT_EQ(netlogon_ping_of(search).value().nt_version, 6u);
}

TEST(PingSearch, OfAnotherKindIsUnsupported) {
  for (const char* datagram : {
           "300c020101600702010304008000",                                // a bind
           "301a020101631504000a01010a0100020100020100010100a0003000",    // not the base object
           "301b02010163160401410a01000a0100020100020100010100a0003000",  // not the root
           "302302010163"
           "1e"
           "04000a01000a01000201000201000101008709"
           "6f626a656374436c61"
           "3000",  // a presence filter
       }) {
    EXPECT_EQ(decode_ping_search(from_hex(datagram)).error(), make_error_code(WireErrc::unsupported)) << datagram;
  }
  PingSearch large = ping_search();
  large.filter.resize(33);
  EXPECT_EQ(decode_ping_search(encode(large)).error(), make_error_code(WireErrc::too_large));
}

TEST(PingReply, GoesThereAndBack) {
  const auto encode_any = [](const PingReply& value) { return encode(value); };
  expect_round_trip(s::ping_reply(), decode_ping_reply, encode_any);
  expect_round_trip(PingReply{7, 0, {}}, decode_ping_reply, encode_any);
  expect_round_trip(PingReply{7, 53, {}}, decode_ping_reply, encode_any);
  EXPECT_EQ(decode_ping_reply(with_long_lengths(encode(s::ping_reply()))).value(), s::ping_reply());
  expect_refuses_trailing_byte(encode(s::ping_reply()), decode_ping_reply);
  EXPECT_EQ(to_hex(encode(PingReply{1, 0, {}})), "300c02010165070a010004000400");
}

TEST(PingReply, MayBeAnEntryAlone) {
  const Buffer both = encode(s::ping_reply());
  const std::size_t done = encode(PingReply{5, 0, {}}).size();
  const Bytes entry = Bytes(both).first(both.size() - done);
  EXPECT_EQ(decode_ping_reply(entry).value(), s::ping_reply());
  for (std::size_t size = 0; size < both.size(); ++size) {
    EXPECT_EQ(decode_ping_reply(Bytes(both).first(size)).has_value(), size == entry.size()) << size;
  }
}

TEST(PingReply, OfTwoRequestsIsRefused) {
  Buffer both = encode(s::ping_reply());
  both[both.size() - encode(PingReply{5, 0, {}}).size() + 4] = 6;
  EXPECT_EQ(decode_ping_reply(both).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(decode_ping_reply(encode(ping_search())).error(), make_error_code(WireErrc::unsupported));
}

TEST(NetlogonPing, IsReadFromItsFilter) {
  EXPECT_EQ(netlogon_ping_of(ping_search()).value(), s::netlogon_ping());
  PingSearch search = ping_search();
  for (EqualityMatch& term : search.filter) term.attribute = to_lower(term.attribute);
  search.attributes = {"NETLOGON"};
  search.filter.push_back({"DomainSid", {1, 2, 3}});
  EXPECT_EQ(netlogon_ping_of(search).value(), s::netlogon_ping());
}

TEST(NetlogonPing, IsRefusedWhereItIsNone) {
  const auto refused = [](PingSearch search) {
    return netlogon_ping_of(search).error() == make_error_code(WireErrc::bad_value);
  };
  PingSearch search = ping_search();
  search.attributes = {"supportedCapabilities"};
  EXPECT_TRUE(refused(search));
  search = ping_search();
  search.filter.pop_back();
  EXPECT_TRUE(refused(search)) << "no NtVer";
  search = ping_search();
  search.filter.back().value.pop_back();
  EXPECT_TRUE(refused(search)) << "NtVer of three bytes";
  search = ping_search();
  search.filter.front().value.push_back(0);
  EXPECT_TRUE(refused(search)) << "NUL in a name";
}

constexpr std::uint32_t kAll = nt_version::v5ex_with_ip | nt_version::closest_site;
const auto decode_all = [](Bytes bytes) { return decode_netlogon_response(bytes, kAll); };

TEST(NetlogonResponse, GoesThereAndBack) {
  expect_round_trip(s::netlogon_response(), decode_all, [](const NetlogonResponse& value) { return encode(value); });
  NetlogonResponse plain;
  plain.flags = 0x3fd;
  plain.dns_domain_name = "a.example";
  EXPECT_EQ(decode_netlogon_response(encode(plain), 0).value(), plain);
  EXPECT_EQ(decode_netlogon_response(encode(plain), nt_version::closest_site).value(), plain);  // no other site
  const Buffer whole = encode(s::netlogon_response());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    (void)decode_all(Bytes(Buffer(whole.begin(), whole.begin() + std::ptrdiff_t(size))));
  }
  EXPECT_EQ(decode_netlogon_response(whole, 0).error(), make_error_code(WireErrc::trailing_bytes));
}

// The fixed part, these names, and the eight bytes at the end.
Buffer response_with_names(std::string_view names_hex) {
  Buffer out = from_hex("17000000 fd330000 000102030405060708090a0b0c0d0e0f");
  append(out, from_hex(names_hex));
  append(out, from_hex("05000000ffffffff"));
  return out;
}

TEST(NetlogonResponse, FollowsCompressionPointers) {
  // At 24: "a.example"; the host is "dc1" and a pointer to 24, the NetBIOS name a pointer to "dc1" at 37, an empty
  // name, and so on.
  const Buffer bytes =
      response_with_names("0161 076578616d706c65 00 c018 03646331 c018 0141 00 c025 00 03687562 00 c031");
  const Result<NetlogonResponse> decoded = decode_netlogon_response(bytes, 0);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  EXPECT_EQ(decoded->dns_forest_name, "a.example");
  EXPECT_EQ(decoded->dns_domain_name, "a.example");
  EXPECT_EQ(decoded->dns_host_name, "dc1.a.example");
  EXPECT_EQ(decoded->netbios_domain_name, "A");
  EXPECT_EQ(decoded->netbios_computer_name, "dc1.a.example");
  EXPECT_EQ(decoded->user_name, "");
  EXPECT_EQ(decoded->dc_site_name, "hub");
  EXPECT_EQ(decoded->client_site_name, "hub");
}

TEST(NetlogonResponse, RefusesPointersThatDoNotGoBack) {
  const auto refused = [](std::string_view names) {
    return decode_netlogon_response(response_with_names(names), 0).error();
  };
  EXPECT_EQ(refused("c018 00 00 00 00 00 00 00"), make_error_code(WireErrc::bad_value));       // to itself
  EXPECT_EQ(refused("c01a 00 00 00 00 00 00 00"), make_error_code(WireErrc::bad_value));       // forward
  EXPECT_EQ(refused("0161 c018 00 00 00 00 00 00 00"), make_error_code(WireErrc::bad_value));  // into itself
  EXPECT_EQ(refused("40"
                    "00 00 00 00 00 00 00 00"),
            make_error_code(WireErrc::bad_value));                                           // a reserved kind of label
  EXPECT_EQ(refused("01 00 00 00 00 00 00 00 00"), make_error_code(WireErrc::bad_value));    // NUL in a label
  EXPECT_EQ(refused("012e 00 00 00 00 00 00 00 00"), make_error_code(WireErrc::bad_value));  // a dot alone
  EXPECT_EQ(refused("3f61 00"), make_error_code(WireErrc::truncated));
  EXPECT_EQ(refused("00 00 00 00 00 00 00"), make_error_code(WireErrc::truncated));  // seven names
  EXPECT_EQ(refused("00 00 00 00 00 00 00 00 00"), make_error_code(WireErrc::trailing_bytes));
  EXPECT_EQ(refused("00 00 00 00 00 00 00 c0"), make_error_code(WireErrc::truncated));
}

TEST(NetlogonResponse, BoundsNamesAndChains) {
  std::string names;
  for (int i = 0; i < 5; ++i) names += "3f" + to_hex(Buffer(63, 'a'));
  EXPECT_EQ(decode_netlogon_response(response_with_names(names + "00"), 0).error(),
            make_error_code(WireErrc::too_large));
  // A name that every next one prefixes by a pointer to it: long in the end, however short on the wire.
  std::string chain = "00";
  std::size_t previous = 24, at = 25;
  for (int i = 0; i < 7; ++i) {
    chain += "27" + to_hex(Buffer(39, 'a'));
    char pointer[8];
    std::snprintf(pointer, sizeof pointer, "c0%02zx", previous & 0xff);
    if (previous > 0xff) break;
    chain += pointer;
    previous = at;
    at += 42;
  }
  EXPECT_EQ(decode_netlogon_response(response_with_names(chain), 0).error(), make_error_code(WireErrc::too_large));
}

TEST(NetlogonResponse, OfAnotherOpcodeIsUnsupported) {
  Buffer bytes = response_with_names("00 00 00 00 00 00 00 00");
  bytes[0] = 19;
  EXPECT_EQ(decode_netlogon_response(bytes, 0).error(), make_error_code(WireErrc::unsupported));
  bytes[0] = 24;
  EXPECT_EQ(decode_netlogon_response(bytes, 0).value().opcode, NetlogonOpcode::pause_response_ex);
  EXPECT_EQ(decode_netlogon_response(from_hex("1700"), 0).error(), make_error_code(WireErrc::truncated));
}

TEST(NetlogonResponse, WritesAnImpossibleNameAsTheEmptyOne) {
  NetlogonResponse value;
  for (const std::string& name : {std::string(64, 'a'), std::string("a..b"), std::string(".a")}) {
    value.dc_site_name = name;
    EXPECT_EQ(decode_netlogon_response(encode(value), 0).value().dc_site_name, "") << name;
  }
}

// MS-ADTS §6.3.3 prints this GUID's bytes in its example of a filter.
TEST(GuidText, HasItsFirstThreePartsTurnedRound) {
  EXPECT_EQ(guid_text({0x3b, 0xb0, 0x21, 0xca, 0xd3, 0x6d, 0xd1, 0x11, 0x8a, 0x7d, 0xb8, 0xdf, 0xb1, 0x56, 0x87, 0x1f}),
            "ca21b03b-6dd3-11d1-8a7d-b8dfb156871f");
}

TEST(DcLevel, IsToldByTheFlags) {
  for (const auto& [flags, level] : {std::pair{0x3fdu, "2003"},
                                     {0x13fdu, "2008"},
                                     {0x33fdu, "2008"},
                                     {0x2bfdu, "2008"},
                                     {0x73fdu, "2012"},
                                     {0xf3fdu, "2012R2"},
                                     {0x1f3fdu, "2016"},
                                     {0u, "unknown"}}) {
    EXPECT_EQ(to_string(level_of(flags)), level) << flags;
  }
  EXPECT_EQ(dc_level_by_name("2008R2"), DcLevel::w2008);
  EXPECT_EQ(dc_level_by_name("2022"), DcLevel::w2016);
  EXPECT_EQ(dc_level_by_name("2000"), std::nullopt);
  EXPECT_EQ(dc_level_by_name("unknown"), std::nullopt);
}

}  // namespace
}  // namespace stead
