// Our cryptography and libk5crypto's must not be told apart.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "tests/protocol/crypto/libk5crypto.h"

namespace stead {
namespace {

constexpr EncType kTypes[] = {EncType::aes128_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96,
                              EncType::aes128_cts_hmac_sha256_128, EncType::aes256_cts_hmac_sha384_192,
                              EncType::rc4_hmac};
constexpr int kUsages[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,  17,
                           22, 23, 24, 25, 26, 27, 50, 51, 52, 53, 54, 55, 56, 1024};

class AsLibk5crypto : public testing::TestWithParam<EncType> {
 protected:
  Buffer bytes(std::size_t size) {
    Buffer out(size);
    for (auto& b : out) b = std::uint8_t(random_());
    return out;
  }
  KeyUsage usage() { return KeyUsage(kUsages[random_() % std::size(kUsages)]); }
  std::size_t up_to(std::size_t most) { return random_() % (most + 1); }
  std::mt19937 random_{20261122};
};

TEST_P(AsLibk5crypto, ItReadsWhatWeEncrypt) {
  const auto key = Key::random(GetParam());
  for (std::size_t i = 0; i < 400; ++i) {
    const auto plain = bytes(i < 100 ? i : up_to(3000));
    const auto u = usage();
    ASSERT_EQ(oracle::decrypt(key, u, encrypt(key, u, plain)), plain) << plain.size() << " bytes, usage " << int(u);
  }
}

TEST_P(AsLibk5crypto, WeReadWhatItEncrypts) {
  const auto key = Key::random(GetParam());
  for (std::size_t i = 0; i < 400; ++i) {
    const auto plain = bytes(i < 100 ? i : up_to(3000));
    const auto u = usage();
    const auto cipher = oracle::encrypt(key, u, plain);
    ASSERT_TRUE(cipher);
    const auto read = decrypt(key, u, *cipher);
    ASSERT_TRUE(read) << plain.size() << " bytes, usage " << int(u);
    ASSERT_EQ(to_buffer(*read), plain);
  }
}

TEST_P(AsLibk5crypto, ChecksumsAreTheSame) {
  for (const int u : kUsages) {
    const auto key = Key::random(GetParam());
    const auto data = bytes(up_to(3000));
    for (const auto type : {required_checksum(GetParam()), ChecksumType::hmac_md5}) {
      const auto ours = make_checksum(type, key, KeyUsage(u), data);
      ASSERT_TRUE(ours);
      EXPECT_EQ(ours->value, oracle::checksum(type, key, KeyUsage(u), data)) << "usage " << u;
      EXPECT_EQ(ours->value.size(), checksum_size(type));
      EXPECT_TRUE(verify_checksum(*ours, key, KeyUsage(u), data));
    }
  }
}

TEST_P(AsLibk5crypto, ThePrfIsTheSame) {
  const auto key = Key::random(GetParam());
  for (std::size_t size = 0; size < 200; ++size) {
    const auto input = bytes(size);
    const auto ours = prf(key, input);
    ASSERT_TRUE(ours);
    ASSERT_EQ(*ours, oracle::prf(key, input));
  }
}

TEST_P(AsLibk5crypto, KeysAreCombinedTheSame) {
  for (const auto other : kTypes) {
    const auto a = Key::random(GetParam()), b = Key::random(other);
    const auto ours = fx_cf2(a, b, "subkeyarmor", "ticketarmor");
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->type(), GetParam());
    EXPECT_EQ(to_buffer(ours->value()), oracle::fx_cf2(a, b, "subkeyarmor", "ticketarmor"));
  }
}

TEST_P(AsLibk5crypto, PasswordsGiveTheSameKey) {
  const std::string long_password(200, 'p');
  for (const auto& [password, salt] : {std::pair<std::string, std::string>{"Passw0rd!", "CORP.CONTOSO.COMalice"},
                                       {"", ""},
                                       {"gr\xC3\xBC\xC3\x9F", "CONTOSO.COMhostweb.contoso.com"},
                                       {long_password, "x"}}) {
    const auto ours = Key::from_password(GetParam(), password, salt);
    ASSERT_TRUE(ours);
    EXPECT_EQ(to_buffer(ours->value()), oracle::string_to_key(GetParam(), password, salt)) << password;
  }
}

INSTANTIATE_TEST_SUITE_P(EncTypes, AsLibk5crypto, testing::ValuesIn(kTypes),
                         [](const auto& test) { return "etype" + std::to_string(int(test.param)); });

}  // namespace
}  // namespace stead
