#include "sspi_shim/protocol/messages/ticket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/protocol/samples.h"

namespace stead {
namespace {

using Realms = std::vector<std::string>;

Result<Realms> expand(std::string_view contents, std::string_view client = "ATHENA.MIT.EDU",
                      std::string_view server = "CS.WASHINGTON.EDU") {
  return expand_transited({1, to_buffer(as_bytes(contents))}, client, server);
}

TEST(Ticket, OfAnotherVersionIsUnsupported) {
  Buffer der = encode(samples::ticket());
  const Buffer version{0xa0, 0x03, 0x02, 0x01, 0x05};
  const auto at = std::search(der.begin(), der.end(), version.begin(), version.end());
  ASSERT_NE(at, der.end());
  at[4] = 4;
  EXPECT_EQ(decode_ticket(der).error(), make_error_code(WireErrc::unsupported));
}

struct Expansion {
  const char* name;
  const char* contents;
  const char* client;
  const char* server;
  Realms realms;
};
class Transited : public testing::TestWithParam<Expansion> {};
TEST_P(Transited, Expands) {
  const Expansion& test = GetParam();
  const Result<Realms> realms = expand(test.contents, test.client, test.server);
  ASSERT_TRUE(realms.has_value()) << realms.error().message();
  EXPECT_EQ(*realms, test.realms);
  // Written out, they read the same whoever's they are.
  const Result<Realms> again = expand_transited(make_transited(*realms), "X", "Y");
  EXPECT_EQ(again.value(), test.realms);
}
// The first five are RFC 4120 §3.3.3.2's own examples.
INSTANTIATE_TEST_SUITE_P(
    Rfc4120, Transited,
    testing::Values(
        Expansion{"domains_appended",
                  "EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.",
                  "C",
                  "S",
                  {"EDU", "MIT.EDU", "ATHENA.MIT.EDU", "WASHINGTON.EDU", "CS.WASHINGTON.EDU"}},
        Expansion{"domains_between_their_ends",
                  "EDU,MIT.,WASHINGTON.EDU",
                  "ATHENA.MIT.EDU",
                  "CS.WASHINGTON.EDU",
                  {"EDU", "MIT.EDU", "WASHINGTON.EDU"}},
        Expansion{
            "x500_appended", "/COM,/HP,/APOLLO, /COM/DEC", "C", "S", {"/COM", "/COM/HP", "/COM/HP/APOLLO", "/COM/DEC"}},
        Expansion{"all_between_two_domains",
                  ",",
                  "ATHENA.MIT.EDU",
                  "CS.WASHINGTON.EDU",
                  {"MIT.EDU", "EDU", "WASHINGTON.EDU"}},
        Expansion{"both_hierarchies",
                  ",EDU, /COM,",
                  "ATHENA.MIT.EDU",
                  "/COM/HP/APOLLO",
                  {"MIT.EDU", "EDU", "/COM", "/COM/HP"}},
        Expansion{"nothing", "", "A", "B", {}}, Expansion{"one", "EXAMPLE", "A", "B", {"EXAMPLE"}},
        Expansion{"up_to_one", ",EDU", "ATHENA.MIT.EDU", "S", {"MIT.EDU", "EDU"}},
        Expansion{"from_one_down", "EDU,", "C", "CS.WASHINGTON.EDU", {"EDU", "WASHINGTON.EDU"}},
        Expansion{
            "between_two_listed", "EDU,,CS.WASHINGTON.EDU", "C", "S", {"EDU", "WASHINGTON.EDU", "CS.WASHINGTON.EDU"}},
        Expansion{"between_neighbours", ",", "B.EXAMPLE", "EXAMPLE", {}},
        Expansion{"between_parent_and_grandchild", ",", "EXAMPLE", "C.B.EXAMPLE", {"B.EXAMPLE"}},
        Expansion{"between_the_same", ",", "A.EXAMPLE", "A.EXAMPLE", {}},
        Expansion{"x500_between", ",", "/COM/HP/APOLLO", "/COM/DEC", {"/COM/HP", "/COM"}},
        Expansion{"escaped_comma", "A\\,B,C", "X", "Y", {"A,B", "C"}},
        Expansion{"escaped_backslash", "A\\\\B", "X", "Y", {"A\\B"}},
        Expansion{"escaped_dot_at_the_end", "EDU,MIT\\.", "X", "Y", {"EDU", "MIT."}},
        Expansion{"escaped_blank_at_the_start", "EDU,\\ X", "X", "Y", {"EDU", " X"}},
        Expansion{"escaped_slash_at_the_start", "EDU,\\/X", "X", "Y", {"EDU", "/X"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Transited, IsRefusedWhereItMeansNothing) {
  EXPECT_EQ(expand("MIT.").error(), make_error_code(WireErrc::bad_value));        // prepended to nothing
  EXPECT_EQ(expand("EDU,MIT.\\").error(), make_error_code(WireErrc::bad_value));  // escapes nothing
  EXPECT_EQ(expand(std::string_view("A\0B", 3)).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(expand(",", "A.EXAMPLE", "B.OTHER").error(), make_error_code(WireErrc::bad_value));  // no path between
  EXPECT_EQ(expand(",", "A.EXAMPLE", "/COM").error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(expand(",", "", "A.EXAMPLE").error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(expand(",", "A..EXAMPLE", "B.EXAMPLE").error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(expand_transited({2, {'A'}}, "X", "Y").error(), make_error_code(WireErrc::unsupported));
  EXPECT_TRUE(expand_transited({0, {}}, "X", "Y").value().empty());
}

TEST(Transited, IsBounded) {
  std::string growing = "A";
  for (int i = 0; i < 200; ++i) growing += ",BBBBBBBBBB.";
  EXPECT_EQ(expand(growing).error(), make_error_code(WireErrc::too_large));
  std::string many = "A";
  for (int i = 0; i < 300; ++i) many += ",A";
  EXPECT_EQ(expand(many).error(), make_error_code(WireErrc::too_large));
  std::string deep = "A";
  for (int i = 0; i < 300; ++i) deep += ".A";
  EXPECT_EQ(expand(",", deep, "A").error(), make_error_code(WireErrc::too_large));
}

TEST(Transited, IsWrittenInOrder) {
  EXPECT_EQ(as_text(make_transited({"A.EXAMPLE", "/COM/HP", "/COM"}).contents), "A.EXAMPLE, /COM/HP, /COM");
  EXPECT_EQ(as_text(make_transited({"A,B", " C", "D."}).contents), "A\\,B,\\ C,D\\.");
  EXPECT_TRUE(make_transited({}).contents.empty());
}

}  // namespace
}  // namespace stead
