#include "sspi_shim/protocol/pac/ndr.h"

#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "sspi_shim/base/hex.h"

namespace stead::ndr {
namespace {

const std::string kHeaders = "01100800cccccccc";

Buffer serialized(const std::string& body_hex) {
  const Buffer body = from_hex(body_hex);
  Buffer out = from_hex(kHeaders);
  out.resize(16);
  store_le32(&out[8], std::uint32_t(body.size()));
  append(out, body);
  return out;
}

TEST(Ndr, WriterAlignsAndCounts) {
  Writer w;
  w.u8(1);
  w.u16(2);
  w.u32(3);
  w.filetime(0x0102030405060708);
  w.pointer(true);
  w.pointer(false);
  w.pointer(true);
  w.string_header("ab");
  w.string_body("ab");
  w.sid(Sid{5, {9}});
  EXPECT_EQ(to_hex(std::move(w).finish()),
            to_hex(from_hex("01100800cccccccc 4800000000000000 00000200"
                            "01 00 0200 03000000 08070605 04030201 04000200 00000000 08000200"
                            "0400 0400 0c000200 02000000 00000000 02000000 61006200"
                            "01000000 0101000000000005 09000000")));
}

TEST(Ndr, ReaderReadsWhatTheWriterWrote) {
  Writer w;
  w.u8(1);
  w.u32(3);
  w.string_header("");
  w.string_header("Grüße");
  w.string_body("");
  w.string_body("Grüße");
  w.sid(Sid{5, {32, 544}});
  const Buffer bytes = std::move(w).finish();
  Reader in(bytes);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u32(), 3u);
  const auto empty = in.string_header(), text = in.string_header();
  EXPECT_TRUE(empty.present);
  EXPECT_EQ(text.length, 10);
  EXPECT_EQ(in.string_body(empty), "");
  EXPECT_EQ(in.string_body(text), "Grüße");
  EXPECT_EQ(in.sid(), (Sid{5, {32, 544}}));
  EXPECT_EQ(in.finish(std::string("done")).value(), "done");
}

TEST(Ndr, AStringWithoutReferentIsEmpty) {
  const Buffer bytes = serialized("00000200 0000 0000 00000000");
  Reader r(bytes);
  const auto header = r.string_header();
  EXPECT_FALSE(header.present);
  EXPECT_EQ(r.string_body(header), "");
  EXPECT_FALSE(r.failed());
}

TEST(Ndr, TakesALongerMaximumAndATerminatorBeyondTheLength) {
  const Buffer bytes = serialized("00000200 0200 0a00 04000200 05000000 00000000 02000000 6100 0000");
  Reader r(bytes);
  const auto header = r.string_header();
  EXPECT_EQ(r.string_body(header), "a");
  EXPECT_FALSE(r.failed());
}

struct Refused {
  const char* name;
  const char* hex;
  WireErrc why;
};

class NdrHeaderRefuses : public testing::TestWithParam<Refused> {};
TEST_P(NdrHeaderRefuses, WithTheRightError) {
  const Buffer bytes = from_hex(GetParam().hex);
  EXPECT_EQ(Reader(bytes).error(), GetParam().why);
}
INSTANTIATE_TEST_SUITE_P(
    Headers, NdrHeaderRefuses,
    testing::Values(Refused{"empty", "", WireErrc::truncated}, Refused{"four_bytes", "01100800", WireErrc::truncated},
                    Refused{"no_body", "01100800cccccccc 0000000000000000", WireErrc::truncated},
                    Refused{"version_2", "02100800cccccccc 0400000000000000 00000200", WireErrc::unsupported},
                    Refused{"big_endian", "01000800cccccccc 0400000000000000 00000200", WireErrc::unsupported},
                    Refused{"header_length", "01100900cccccccc 0400000000000000 00000200", WireErrc::bad_value},
                    Refused{"length_beyond", "01100800cccccccc 0500000000000000 00000200", WireErrc::bad_length},
                    Refused{"length_4_g", "01100800cccccccc ffffffff00000000 00000200", WireErrc::bad_length},
                    Refused{"null_referent", "01100800cccccccc 0400000000000000 00000000", WireErrc::bad_value}),
    [](const auto& test) { return std::string(test.param.name); });

class NdrStringRefuses : public testing::TestWithParam<Refused> {};
TEST_P(NdrStringRefuses, WithTheRightError) {
  const Buffer bytes = serialized(GetParam().hex);
  Reader r(bytes);
  EXPECT_EQ(r.string_body(r.string_header()), "");
  EXPECT_EQ(r.error(), GetParam().why);
}
INSTANTIATE_TEST_SUITE_P(
    Strings, NdrStringRefuses,
    testing::Values(
        Refused{"odd_length", "00000200 0300 0400 04000200 02000000 00000000 02000000 61006200", WireErrc::bad_length},
        Refused{"length_above_maximum", "00000200 0400 0200 04000200 02000000 00000000 02000000 61006200",
                WireErrc::bad_value},
        Refused{"length_without_referent", "00000200 0400 0400 00000000", WireErrc::bad_value},
        Refused{"offset", "00000200 0400 0400 04000200 02000000 01000000 02000000 61006200", WireErrc::bad_value},
        Refused{"actual_above_maximum", "00000200 0400 0400 04000200 02000000 00000000 03000000 610062006300",
                WireErrc::bad_value},
        Refused{"fewer_than_the_length", "00000200 0400 0400 04000200 02000000 00000000 01000000 61006200",
                WireErrc::bad_value},
        Refused{"ends_inside", "00000200 0400 0400 04000200 02000000 00000000 02000000 6100", WireErrc::truncated},
        Refused{"ends_in_the_header", "00000200 0400 0400", WireErrc::truncated},
        Refused{"count_of_4_g", "00000200 0400 0400 04000200 ffffffff 00000000 ffffffff 61006200",
                WireErrc::truncated}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Ndr, RefusesASidWhoseCountsDiffer) {
  const Buffer bytes = serialized("00000200 02000000 0101000000000005 09000000 00000000");
  Reader r(bytes);
  EXPECT_TRUE(r.sid().empty());
  EXPECT_EQ(r.error(), WireErrc::bad_value);
}

TEST(Ndr, RefusesACountThatCannotFit) {
  const Buffer bytes = serialized("00000200 00000010 00000000 00000000");
  Reader r(bytes);
  EXPECT_EQ(r.conformance(8), 0u);
  EXPECT_EQ(r.error(), WireErrc::too_large);
}

TEST(Ndr, RefusesMoreThanPaddingAfterTheEnd) {
  const Buffer bytes = serialized("00000200 00000000 00000000");
  Reader r(bytes);
  EXPECT_EQ(r.finish(std::string()).error(), WireErrc::trailing_bytes);
}

TEST(Ndr, CutsAStringBeforeHalfASurrogatePair) {
  std::string text(32766, 'a');
  text += "\xf0\x9f\x94\x91";  // its second half would be unit 32768
  Writer w;
  w.string_header(text);
  w.string_body(text);
  const Buffer bytes = std::move(w).finish();
  Reader r(bytes);
  EXPECT_EQ(r.string_body(r.string_header()), std::string(32766, 'a'));
}

}  // namespace
}  // namespace stead::ndr
