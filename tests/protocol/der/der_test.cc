#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"
#include "tests/protocol/refusals.h"

namespace stead::der {
namespace {

using namespace std::chrono;

template <class Read>
auto read(const Buffer& der, Read&& body, Rules rules = Rules::der) {
  Reader in(der, rules);
  auto value = body(in);
  return in.finish(std::move(value));
}
Result<std::int64_t> read_int64(const Buffer& der) {
  return read(der, [](Reader& r) { return r.int64(); });
}
Result<std::int32_t> read_int32(const Buffer& der) {
  return read(der, [](Reader& r) { return r.int32(); });
}
Result<std::uint32_t> read_uint32(const Buffer& der) {
  return read(der, [](Reader& r) { return r.uint32(); });
}
Result<std::uint32_t> read_flags(const Buffer& der) {
  return read(der, [](Reader& r) { return r.kerberos_flags(); });
}
Result<std::string> read_string(const Buffer& der) {
  return read(der, [](Reader& r) { return r.general_string(); });
}
Result<sys_seconds> read_time(std::string_view text) {
  Writer out;
  out.raw(kGeneralizedTime, as_bytes(text));
  return read(std::move(out).finish(), [](Reader& r) { return r.generalized_time(); });
}
template <class Write>
std::string written(Write&& body) {
  Writer out;
  body(out);
  return to_hex(std::move(out).finish());
}

struct Refused {
  const char* name;
  Buffer der;
  WireErrc why;
};
std::string name_of(const testing::TestParamInfo<Refused>& test) {
  return test.param.name;
}

class OctetStringInSequence : public testing::TestWithParam<Refused> {};
TEST_P(OctetStringInSequence, IsRefused) {
  Reader in(GetParam().der);
  Buffer content;
  in.sequence([&](Reader& seq) { content = to_buffer(seq.octet_string()); });
  EXPECT_EQ(in.finish(0).error(), make_error_code(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(
    Der, OctetStringInSequence,
    testing::Values(Refused{"empty", {}, WireErrc::truncated},                                   //
                    Refused{"tag_alone", {0x30}, WireErrc::truncated},                           //
                    Refused{"another_tag", {0x31, 0x02, 0x04, 0x00}, WireErrc::bad_tag},         //
                    Refused{"high_tag_number", {0x3f, 0x30, 0x00}, WireErrc::bad_tag},           //
                    Refused{"nothing_inside", {0x30, 0x00}, WireErrc::bad_tag},                  //
                    Refused{"another_tag_inside", {0x30, 0x02, 0x05, 0x00}, WireErrc::bad_tag},  //
                    Refused{"primitive_sequence", {0x10, 0x02, 0x04, 0x00}, WireErrc::bad_tag},  //
                    Refused{"constructed_string", {0x30, 0x04, 0x24, 0x02, 0x04, 0x00}, WireErrc::bad_tag},
                    Refused{"indefinite", {0x30, 0x80, 0x04, 0x00, 0x00, 0x00}, WireErrc::bad_length},
                    Refused{"indefinite_inside", {0x30, 0x04, 0x04, 0x80, 0x00, 0x00}, WireErrc::bad_length},
                    Refused{"long_form_for_a_short_length", {0x30, 0x81, 0x02, 0x04, 0x00}, WireErrc::bad_length},
                    Refused{"leading_zero_in_length", {0x30, 0x82, 0x00, 0x02, 0x04, 0x00}, WireErrc::bad_length},
                    Refused{"reserved_length", {0x30, 0xff}, WireErrc::bad_length},
                    Refused{"length_beyond_32_bits", {0x30, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00}, WireErrc::bad_length},
                    Refused{"length_of_64_bits",
                            {0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                            WireErrc::bad_length},
                    Refused{"length_octets_missing", {0x30, 0x84, 0xff, 0xff}, WireErrc::truncated},
                    Refused{"content_missing", {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, WireErrc::truncated},
                    Refused{"inner_longer_than_outer", {0x30, 0x02, 0x04, 0x01, 0x00}, WireErrc::bad_length},
                    Refused{"trailing", {0x30, 0x02, 0x04, 0x00, 0x00}, WireErrc::trailing_bytes},
                    Refused{"half_read", {0x30, 0x04, 0x04, 0x00, 0x04, 0x00}, WireErrc::trailing_bytes}),
    name_of);

TEST(BerRules, TakeAnyDefiniteLength) {
  const Buffer padded{0x30, 0x84, 0x00, 0x00, 0x00, 0x03, 0x04, 0x81, 0x00};
  EXPECT_EQ(read(
                padded, [](Reader& r) { return to_buffer(r.raw(kSequence)); }, Rules::ber)
                .value(),
            (Buffer{0x04, 0x81, 0x00}));
  const Buffer eight{0x04, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 0x41};
  EXPECT_EQ(read(eight, [](Reader& r) { return to_buffer(r.octet_string()); }, Rules::ber).value(), Buffer{0x41});
  const Buffer indefinite{0x30, 0x80, 0x00, 0x00};
  EXPECT_EQ(read(
                indefinite, [](Reader& r) { return to_buffer(r.raw(kSequence)); }, Rules::ber)
                .error(),
            make_error_code(WireErrc::bad_length));
}

TEST(Reader, KeepsTheFirstErrorAndThenGivesEmptyValues) {
  const Buffer bytes{0x02, 0x01, 0x05, 0x04, 0x01, 0x41};
  Reader in(bytes);
  EXPECT_EQ(in.octet_string().size(), 0u);
  EXPECT_EQ(in.int32(), 0);
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(in.peek(), 0);
  in.fail(WireErrc::too_large);
  EXPECT_EQ(in.error(), make_error_code(WireErrc::bad_tag));
}

TEST(Reader, RefusesNestingBeyondTheLimit) {
  Buffer nested;
  for (int i = 0; i < kMaxDepth + 1; ++i) {
    nested.insert(nested.begin(), {0x30, static_cast<std::uint8_t>(nested.size())});
  }
  const auto depth = [](Reader& r) {
    const auto go = [](auto& self, Reader& at) -> int {
      int below = 0;
      if (!at.at_end()) at.sequence([&](Reader& inner) { below = 1 + self(self, inner); });
      return below;
    };
    return go(go, r);
  };
  EXPECT_EQ(read(nested, depth).error(), make_error_code(WireErrc::too_deep));
  nested.erase(nested.begin(), nested.begin() + 2);
  EXPECT_EQ(read(nested, depth).value(), kMaxDepth);
}

TEST(Reader, RefusesMoreItemsThanTheLimit) {
  const Buffer three{0x30, 0x06, 0x05, 0x00, 0x05, 0x00, 0x05, 0x00};
  const auto count = [&](std::size_t limit) {
    return read(three, [&](Reader& r) {
      int items = 0;
      r.sequence_of([&](Reader& item) { item.raw(kNull), ++items; }, limit);
      return items;
    });
  };
  EXPECT_EQ(count(3).value(), 3);
  EXPECT_EQ(count(2).error(), make_error_code(WireErrc::too_large));
}

TEST(Reader, SkipsTheRestOnlyWhereTold) {
  const Buffer two{0x30, 0x04, 0x05, 0x00, 0x05, 0x00};
  Reader in(two);
  in.sequence([](Reader& seq) {
    seq.raw(kNull);
    seq.skip_rest();
  });
  EXPECT_TRUE(in.finish(0).has_value());
}

TEST(Reader, GivesElementsWhole) {
  const Buffer two{0x30, 0x03, 0x02, 0x01, 0x05, 0x05, 0x00};
  Reader in(two);
  EXPECT_EQ(to_hex(in.any()), "3003020105");
  EXPECT_EQ(to_hex(in.rest()), "0500");
  EXPECT_EQ(to_hex(in.any()), "0500");
  EXPECT_TRUE(in.finish(0).has_value());
}

TEST(Integer, GoesThereAndBackAtItsLimits) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{-1}, std::int64_t{-128}, std::int64_t{-129},
        std::int64_t{0xffffffff}, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    Writer out;
    out.int64(value);
    EXPECT_EQ(read_int64(std::move(out).finish()).value(), value);
  }
  EXPECT_EQ(written([](Writer& w) { w.uint32(0xffffffff); }), "020500ffffffff");
  EXPECT_EQ(written([](Writer& w) { w.int32(-138); }), "0202ff76");
  EXPECT_EQ(written([](Writer& w) { w.enumerated(3); }), "0a0103");
}

class Integer : public testing::TestWithParam<Refused> {};
TEST_P(Integer, IsRefused) {
  EXPECT_EQ(read_int32(GetParam().der).error(), make_error_code(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(
    Der, Integer,
    testing::Values(Refused{"without_octets", {0x02, 0x00}, WireErrc::bad_value},
                    Refused{"padded", {0x02, 0x02, 0x00, 0x7f}, WireErrc::bad_value},
                    Refused{"padded_negative", {0x02, 0x02, 0xff, 0x80}, WireErrc::bad_value},
                    Refused{"above_32_bits", {0x02, 0x05, 0x00, 0x80, 0x00, 0x00, 0x00}, WireErrc::bad_value},
                    Refused{"below_32_bits", {0x02, 0x05, 0xff, 0x7f, 0xff, 0xff, 0xff}, WireErrc::bad_value},
                    Refused{"nine_octets", {0x02, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9}, WireErrc::bad_value},
                    Refused{"enumerated", {0x0a, 0x01, 0x00}, WireErrc::bad_tag}),
    name_of);

TEST(UnsignedInteger, IsReadAsPeersSendIt) {
  EXPECT_EQ(read_uint32({0x02, 0x05, 0x00, 0xff, 0xff, 0xff, 0xfe}).value(), 0xfffffffe);
  EXPECT_EQ(read_uint32({0x02, 0x01, 0xfe}).value(), 0xfffffffe);  // a signed nonce
  EXPECT_EQ(read_uint32({0x02, 0x04, 0x80, 0x00, 0x00, 0x00}).value(), 0x80000000);
  EXPECT_EQ(read_uint32({0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00}).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(read_uint32({0x02, 0x05, 0xff, 0x7f, 0xff, 0xff, 0xff}).error(), make_error_code(WireErrc::bad_value));
}

TEST(Boolean, IsOneOctet) {
  const auto boolean = [](const Buffer& der) { return read(der, [](Reader& r) { return int(r.boolean()); }); };
  EXPECT_EQ(boolean({0x01, 0x01, 0xff}).value(), 1);
  EXPECT_EQ(boolean({0x01, 0x01, 0x00}).value(), 0);
  EXPECT_EQ(boolean({0x01, 0x00}).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(boolean({0x01, 0x02, 0xff, 0xff}).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(written([](Writer& w) { w.boolean(true), w.boolean(false); }), "0101ff010100");
}

TEST(GeneralString, HasNoNul) {
  EXPECT_EQ(read_string({0x1b, 0x02, 0x41, 0xc3}).value(), "A\xc3");
  EXPECT_EQ(read_string({0x1b, 0x00}).value(), "");
  EXPECT_EQ(read_string({0x1b, 0x02, 0x41, 0x00}).error(), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(read_string({0x0c, 0x01, 0x41}).error(), make_error_code(WireErrc::bad_tag));
}

TEST(KerberosFlags, OfAnyLengthAreReadAs32Bits) {
  EXPECT_EQ(read_flags({0x03, 0x05, 0x00, 0x40, 0x81, 0x00, 0x10}).value(), 0x40810010u);
  EXPECT_EQ(read_flags({0x03, 0x01, 0x00}).value(), 0u);
  EXPECT_EQ(read_flags({0x03, 0x02, 0x05, 0x40}).value(), 0x40000000u);
  EXPECT_EQ(read_flags({0x03, 0x02, 0x07, 0x80}).value(), 0x80000000u);
  EXPECT_EQ(read_flags({0x03, 0x05, 0x04, 0xff, 0xff, 0xff, 0xf0}).value(), 0xfffffff0u);
  EXPECT_EQ(
      read(
          Buffer{0x03, 0x05, 0x04, 0xff, 0xff, 0xff, 0xff}, [](Reader& r) { return r.kerberos_flags(); }, Rules::ber)
          .value(),
      0xfffffff0u);
  EXPECT_EQ(read_flags({0x03, 0x06, 0x00, 0x40, 0x00, 0x00, 0x01, 0xff}).value(), 0x40000001u);
  for (const Buffer& der :
       {Buffer{0x03, 0x00}, Buffer{0x03, 0x01, 0x01}, Buffer{0x03, 0x01, 0x08}, Buffer{0x03, 0x02, 0x08, 0x00},
        Buffer{0x03, 0x02, 0x07, 0x81}, Buffer{0x03, 0x05, 0x04, 0xff, 0xff, 0xff, 0xf1},
        Buffer{0x03, 0x06, 0x01, 0, 0, 0, 0, 1}}) {
    EXPECT_EQ(read_flags(der).error(), make_error_code(WireErrc::bad_value)) << to_hex(der);
  }
  EXPECT_EQ(written([](Writer& w) { w.kerberos_flags(0x10000000); }), "03050010000000");
}

TEST(GeneralizedTime, IsReadAndWritten) {
  EXPECT_EQ(read_time("19940610060317Z").value(), sys_days{1994y / 6 / 10} + 6h + 3min + 17s);
  EXPECT_EQ(read_time("20000229235959Z").value(), sys_days{2000y / 2 / 29} + 23h + 59min + 59s);
  EXPECT_EQ(read_time("19691231235959Z").value().time_since_epoch(), -1s);
  const auto text = [](sys_seconds time) {
    Writer out;
    out.generalized_time(time);
    return std::string(as_text(Bytes(std::move(out).finish()).subspan(2)));
  };
  EXPECT_EQ(text(sys_seconds{0s}), "19700101000000Z");
  EXPECT_EQ(text(sys_seconds{-1s}), "19691231235959Z");
  EXPECT_EQ(text(sys_days{2037y / 9 / 13} + 2h + 48min + 5s), "20370913024805Z");
  EXPECT_EQ(text(sys_seconds::max()), "99991231235959Z");
  EXPECT_EQ(text(sys_seconds::min()), "00000101000000Z");
}

TEST(GeneralizedTime, IsRefusedInAnyOtherForm) {
  for (const char* form : {"", "Z", "19940610060317", "199406100603Z", "1994061006031Z", "19940610060317z",
                           "19940610060317.5Z", "19940610060317+0000", "1994061006031 Z", "-9940610060317Z",
                           "19940010060317Z", "19941310060317Z", "19940600060317Z", "19940631060317Z",
                           "20010229060317Z", "19940610240317Z", "19940610066017Z", "19940610060360Z"}) {
    EXPECT_EQ(read_time(form).error(), make_error_code(WireErrc::bad_value)) << form;
  }
}

TEST(Writer, WritesMinimalLengths) {
  for (const auto& [size, head] : {std::pair{0x7f, "047f"},
                                   {0x80, "048180"},
                                   {0xff, "0481ff"},
                                   {0x100, "04820100"},
                                   {0xffff, "0482ffff"},
                                   {0x10000, "0483010000"}}) {
    Writer out;
    out.octet_string(Buffer(std::size_t(size)));
    const Buffer der = std::move(out).finish();
    EXPECT_EQ(to_hex(der).substr(0, std::string_view(head).size()), head);
    EXPECT_EQ(read(der, [](Reader& r) { return r.octet_string().size(); }).value(), std::size_t(size));
  }
}

TEST(Writer, NestsLongElements) {
  Writer out;
  out.sequence([](Writer& a) {
    a.field(1, [](Writer& b) { b.octet_string(Buffer(200, 0x41)); });
    a.int32(7);
  });
  const Buffer der = std::move(out).finish();
  Reader in(der);
  in.sequence([](Reader& a) {
    a.field(1, [](Reader& b) { EXPECT_EQ(to_buffer(b.octet_string()), Buffer(200, 0x41)); });
    EXPECT_FALSE(a.optional_field(2, [](Reader&) {}));
    EXPECT_EQ(a.int32(), 7);
  });
  EXPECT_TRUE(in.finish(0).has_value());
}

}  // namespace
}  // namespace stead::der
