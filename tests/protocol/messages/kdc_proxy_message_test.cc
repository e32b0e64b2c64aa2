#include "sspi_shim/protocol/messages/kdc_proxy_message.h"

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

namespace stead {
namespace {

// Written out by hand from MS-KKDCP §2.2.2: a message of two bytes for the realm A, with a hint.
const Buffer kRequest{0x30, 0x17, 0xa0, 0x08, 0x04, 0x06, 0,    0,    0,    2,    0x6a, 0x00, 0xa1,
                      0x03, 0x1b, 0x01, 'A',  0xa2, 0x06, 0x02, 0x04, 0x00, 0x20, 0x06, 0x00};

TEST(KdcProxyMessageTest, IsAsTheSpecificationHasIt) {
  const KdcProxyMessage request{{0x6a, 0x00}, "A", 0x200600};
  Buffer wire = kRequest;
  EXPECT_EQ(decode_kdc_proxy_message(encode(request)).value(), request);
  // The minimal form of the hint is what we write.
  wire[1] = 0x16, wire[18] = 0x05, wire[20] = 0x03;
  wire.erase(wire.begin() + 21);
  EXPECT_EQ(encode(request), wire);
  EXPECT_EQ(decode_kdc_proxy_message(wire).value(), request);
}

TEST(KdcProxyMessageTest, AnswersHaveTheMessageAlone) {
  const KdcProxyMessage answer{{0x6d, 0x00}, "", {}};
  EXPECT_EQ(encode(answer), (Buffer{0x30, 0x0a, 0xa0, 0x08, 0x04, 0x06, 0, 0, 0, 2, 0x6d, 0x00}));
  EXPECT_EQ(decode_kdc_proxy_message(encode(answer)).value(), answer);
}

TEST(KdcProxyMessageTest, TheLengthInItMustHold) {
  for (const Buffer& framed : {Buffer{}, Buffer{0, 0, 0}, Buffer{0, 0, 0, 0}, Buffer{0, 0, 0, 1},
                               Buffer{0, 0, 0, 1, 1, 1}, Buffer{0xff, 0xff, 0xff, 0xff, 1}}) {
    Buffer wire{0x30, std::uint8_t(4 + framed.size()), 0xa0, std::uint8_t(2 + framed.size()),
                0x04, std::uint8_t(framed.size())};
    append(wire, framed);
    EXPECT_EQ(decode_kdc_proxy_message(wire).error(), make_error_code(WireErrc::bad_length));
  }
}

TEST(KdcProxyMessageTest, WhatIsCutOrLongerIsRefused) {
  Buffer wire = encode(KdcProxyMessage{{0x6a, 0x00}, "A", 0x200600});
  for (std::size_t size = 0; size < wire.size(); ++size)
    EXPECT_FALSE(decode_kdc_proxy_message(Bytes(wire).first(size))) << size;
  wire.push_back(0);
  EXPECT_FALSE(decode_kdc_proxy_message(wire));
}

}  // namespace
}  // namespace stead
