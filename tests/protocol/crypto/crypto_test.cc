#include "sspi_shim/protocol/crypto/crypto.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/crypto/crypto_aes.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/crypto/key_derivation.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace {

constexpr EncType kTypes[] = {EncType::aes128_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96,
                              EncType::aes128_cts_hmac_sha256_128, EncType::aes256_cts_hmac_sha384_192,
                              EncType::rc4_hmac};
constexpr auto kUsage = KeyUsage::ticket;

// --- golden vectors: the words left of " = ", and what is right of it

struct Vector {
  std::vector<std::string> words;
  Buffer expected;
};

Buffer hex(std::string_view text) {
  return text == "-" ? Buffer{} : from_hex(text);
}

std::vector<Vector> read_vectors(const std::string& name) {
  std::ifstream file(std::string(STEAD_VECTORS) + "/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<Vector> out;
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    Vector v;
    std::istringstream left(line.substr(0, equals));
    for (std::string word; left >> word;) v.words.push_back(word);
    v.expected = hex(line.substr(equals + 3));
    out.push_back(std::move(v));
  }
  return out;
}

TEST(GoldenVectors, NFold) {
  const auto vectors = read_vectors("rfc3961_nfold.txt");
  EXPECT_EQ(vectors.size(), 11u);
  for (const auto& v : vectors) {
    Buffer out(v.expected.size());
    crypto::n_fold(hex(v.words.at(0)), out);
    EXPECT_EQ(to_hex(out), to_hex(v.expected)) << v.words[0];
  }
}

TEST(GoldenVectors, CiphertextStealing) {
  const auto vectors = read_vectors("rfc3962_cts.txt");
  EXPECT_EQ(vectors.size(), 7u);
  const auto key = vectors.at(0).expected;
  for (std::size_t i = 1; i < vectors.size(); ++i) {
    const auto plain = hex(vectors[i].words.at(0));
    Buffer room = plain;
    room.resize(plain.size() + crypto::kAesBlock);
    crypto::aes_cts_encrypt(key, room, plain.size());
    room.resize(plain.size());
    EXPECT_EQ(to_hex(room), to_hex(vectors[i].expected)) << plain.size() << " bytes";
    Buffer back(plain.size());
    crypto::aes_cts_decrypt(key, room, back);
    EXPECT_EQ(to_hex(back), to_hex(plain));
  }
}

TEST(GoldenVectors, StringToKey) {
  const auto vectors = read_vectors("string_to_key.txt");
  EXPECT_EQ(vectors.size(), 16u);
  for (const auto& v : vectors) {
    Buffer params(4);
    store_be32(params.data(), std::uint32_t(std::stoul(v.words.at(1))));
    const auto password = hex(v.words.at(2)), salt = hex(v.words.at(3));
    const auto key = Key::from_password(EncType(std::stoi(v.words[0])), as_text(password), as_text(salt), params);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->value()), to_hex(v.expected)) << v.words[0] << ' ' << v.words[1];
  }
}

TEST(GoldenVectors, Rfc8009) {
  const auto vectors = read_vectors("rfc8009.txt");
  EXPECT_EQ(vectors.size(), 18u);
  for (const auto& v : vectors) {
    const auto type = EncType(std::stoi(v.words.at(1)));
    const auto input = hex(v.words.at(3));
    const auto key = Key::make(type, hex(v.words.at(2)));
    ASSERT_TRUE(key);
    const std::string kind = v.words[0];
    if (kind == "cipher") {
      const auto plain = decrypt(*key, kUsage, input);
      ASSERT_TRUE(plain);
      EXPECT_EQ(to_hex(*plain), to_hex(v.expected));
    } else if (kind == "checksum") {
      EXPECT_EQ(to_hex(make_checksum(*key, kUsage, input).value), to_hex(v.expected));
    } else if (kind == "prf") {
      EXPECT_EQ(to_hex(prf(*key, input).value()), to_hex(v.expected));
    } else {
      const auto* profile = crypto::find_profile(type);
      const std::uint8_t label[] = {0, 0, 0, 2, std::uint8_t(kind == "kc" ? 0x99 : kind == "ke" ? 0xAA : 0x55)};
      Buffer out(v.expected.size());
      crypto::derive_key_sha2(crypto::HmacKey(profile->digest, key->value()), label, {}, out);
      EXPECT_EQ(to_hex(out), to_hex(v.expected)) << kind;
      EXPECT_EQ(out.size(), kind == "ke" ? profile->key_size : profile->mac_key_size);
    }
  }
}

TEST(GoldenVectors, Rfc6113CombinedKeys) {
  const auto vectors = read_vectors("rfc6113_cf2.txt");
  EXPECT_EQ(vectors.size(), 3u);
  for (const auto& v : vectors) {
    const auto type = EncType(std::stoi(v.words.at(0)));
    const auto key = fx_cf2(Key::from_password(type, "key1", "key1").value(),
                            Key::from_password(type, "key2", "key2").value(), "a", "b");
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->value()), to_hex(v.expected));
  }
}

TEST(GoldenVectors, UnkeyedDigests) {  // RFC 1320 appendix A.5, RFC 1321 appendix A.5
  EXPECT_EQ(to_hex(unkeyed_checksum(ChecksumType::rsa_md4, as_bytes("message digest"))),
            "d9130a8164549fe818874806e1c7014b");
  EXPECT_EQ(to_hex(unkeyed_checksum(ChecksumType::rsa_md5, as_bytes("message digest"))),
            "f96b697d7cb7938d525a2f31aaf161d0");
}

// --- keys

TEST(Keys, AreRefusedWithAnotherSizeThanTheirTypes) {
  for (const auto type : kTypes) {
    const auto right = Key::random(type).value().size();
    for (std::size_t size = 0; size < 40; ++size) {
      const auto key = Key::make(type, Buffer(size));
      EXPECT_EQ(key.has_value(), size == right) << enctype_name(type) << ' ' << size;
      if (!key) {
        EXPECT_EQ(key.error(), WireErrc::bad_length);
      }
    }
  }
}

TEST(Keys, AreRefusedOfTypesWeDoNotHave) {
  for (const int type : {-1, 0, 1, 3, 16, 21, 24, 25}) {
    EXPECT_EQ(Key::make(EncType(type), Buffer(16)).error(), WireErrc::unsupported) << type;
    EXPECT_EQ(Key::from_password(EncType(type), "p", "s").error(), WireErrc::unsupported) << type;
    EXPECT_FALSE(is_supported(EncType(type)));
  }
}

TEST(Keys, OfRc4AreWeak) {
  for (const auto type : kTypes) EXPECT_EQ(is_weak(type), type == EncType::rc4_hmac);
}

TEST(Keys, FromPasswordsTakeFourBytesOfParameters) {
  const auto make = [](Bytes params) { return Key::from_password(EncType::aes256_cts_hmac_sha1_96, "p", "s", params); };
  EXPECT_EQ(make(hex("0000001000")).error(), WireErrc::bad_length);
  EXPECT_EQ(make(hex("001000")).error(), WireErrc::bad_length);
  EXPECT_EQ(make(hex("00000000")).error(), WireErrc::too_large);
  EXPECT_EQ(make(hex("ffffffff")).error(), WireErrc::too_large);
  EXPECT_EQ(make(hex("00001000"))->to_encryption_key(), make({})->to_encryption_key());
}

TEST(Keys, AreRandom) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    for (const auto type : kTypes) EXPECT_TRUE(seen.insert(to_hex(Key::random(type).value())).second);
  }
}

TEST(Keys, EmptyOnesRefuseEverythingFallible) {
  const Key none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.type(), EncType::null);
  EXPECT_TRUE(none.value().empty());
  EXPECT_EQ(decrypt_data(none, kUsage, {}).error(), WireErrc::wrong_key_type);
  EXPECT_EQ(make_checksum(ChecksumType::hmac_md5, none, kUsage, {}).error(), WireErrc::wrong_key_type);
  EXPECT_EQ(verify_checksum({ChecksumType::hmac_md5, Buffer(16)}, none, kUsage, {}).error(), WireErrc::wrong_key_type);
  EXPECT_EQ(prf(none, {}).error(), WireErrc::wrong_key_type);
  EXPECT_EQ(fx_cf2(none, none, "a", "b").error(), WireErrc::unsupported);
}

// --- encryption and checksums

class EveryType : public testing::TestWithParam<EncType> {
 protected:
  Key key_ = Key::random(GetParam());
  Buffer plain_ = random_buffer(100);
};

TEST_P(EveryType, NoChangedByteDecrypts) {
  const auto cipher = encrypt(key_, kUsage, plain_);
  for (std::size_t i = 0; i < cipher.size(); ++i) {
    auto changed = cipher;
    changed[i] ^= 0x40;
    EXPECT_EQ(decrypt(key_, kUsage, changed).error(), WireErrc::integrity) << i;
  }
}

TEST_P(EveryType, NoShorterOrLongerCiphertextDecrypts) {
  auto cipher = encrypt(key_, kUsage, plain_);
  for (std::size_t size = 0; size < cipher.size(); ++size) {
    EXPECT_EQ(decrypt(key_, kUsage, Bytes(cipher).first(size)).error(), WireErrc::integrity) << size;
  }
  cipher.push_back(0);
  EXPECT_EQ(decrypt(key_, kUsage, cipher).error(), WireErrc::integrity);
}

TEST_P(EveryType, NoOtherKeyOrUsageDecrypts) {
  const auto cipher = encrypt(key_, kUsage, plain_);
  EXPECT_EQ(decrypt(Key::random(GetParam()), kUsage, cipher).error(), WireErrc::integrity);
  EXPECT_EQ(decrypt(key_, KeyUsage::krb_priv, cipher).error(), WireErrc::integrity);
}

TEST_P(EveryType, TheSamePlaintextNeverLooksTheSame) {
  EXPECT_NE(encrypt(key_, kUsage, plain_), encrypt(key_, kUsage, plain_));
}

TEST_P(EveryType, EncryptedDataNamesItsTypeAndVersion) {
  const auto data = encrypt_data(key_, kUsage, plain_, 7);
  EXPECT_EQ(data.etype, GetParam());
  EXPECT_EQ(data.kvno, 7u);
  EXPECT_EQ(to_buffer(decrypt_data(key_, kUsage, data).value()), plain_);
  for (const auto other : kTypes) {
    if (other == GetParam()) continue;
    EXPECT_EQ(decrypt_data(Key::random(other), kUsage, data).error(), WireErrc::wrong_key_type);
  }
}

TEST_P(EveryType, ChecksumsHoldForTheirDataKeyAndUsageOnly) {
  const auto sum = make_checksum(key_, kUsage, plain_);
  EXPECT_EQ(sum.type, required_checksum(GetParam()));
  EXPECT_TRUE(verify_checksum(sum, key_, kUsage, plain_));
  EXPECT_EQ(verify_checksum(sum, Key::random(GetParam()), kUsage, plain_).error(), WireErrc::integrity);
  EXPECT_EQ(verify_checksum(sum, key_, KeyUsage::krb_priv, plain_).error(), WireErrc::integrity);
  EXPECT_EQ(verify_checksum(sum, key_, kUsage, Bytes(plain_).first(99)).error(), WireErrc::integrity);
  for (std::size_t i = 0; i < sum.value.size(); ++i) {
    auto changed = sum;
    changed.value[i] ^= 1;
    EXPECT_EQ(verify_checksum(changed, key_, kUsage, plain_).error(), WireErrc::integrity);
    changed.value.resize(i);
    EXPECT_EQ(verify_checksum(changed, key_, kUsage, plain_).error(), WireErrc::integrity);
  }
}

TEST_P(EveryType, UnkeyedAndForeignChecksumTypesAreNotAccepted) {
  for (const auto type : {ChecksumType::rsa_md4, ChecksumType::rsa_md5}) {
    EXPECT_FALSE(is_keyed(type));
    const Checksum sum{type, unkeyed_checksum(type, plain_)};
    EXPECT_EQ(verify_checksum(sum, key_, kUsage, plain_).error(), WireErrc::wrong_key_type);
    EXPECT_EQ(make_checksum(type, key_, kUsage, plain_).error(), WireErrc::wrong_key_type);
  }
  for (const int type : {-137, 0, 1, 8, 12, 14, 17, 0x8003}) {
    EXPECT_EQ(verify_checksum({ChecksumType(type), Buffer(16)}, key_, kUsage, plain_).error(),
              WireErrc::wrong_key_type);
    EXPECT_EQ(make_checksum(ChecksumType(type), key_, kUsage, plain_).error(), WireErrc::unsupported);
  }
  for (const auto other : kTypes) {
    const auto sum = make_checksum(Key::random(other), kUsage, plain_);
    const bool mine = sum.type == required_checksum(GetParam()) || sum.type == ChecksumType::hmac_md5;
    EXPECT_EQ(verify_checksum(sum, key_, kUsage, plain_).error(),
              mine ? WireErrc::integrity : WireErrc::wrong_key_type);
  }
}

TEST_P(EveryType, MoreUsagesThanAreKeptWork) {
  for (int round = 0; round < 2; ++round) {
    for (int u = 1; u < 40; ++u) {
      EXPECT_EQ(to_buffer(decrypt(key_, KeyUsage(u), encrypt(key_, KeyUsage(u), plain_)).value()), plain_);
      EXPECT_TRUE(verify_checksum(make_checksum(key_, KeyUsage(u), plain_), key_, KeyUsage(u), plain_));
    }
  }
}

TEST_P(EveryType, ThreadsMayShareAKey) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([key = key_, plain = plain_, t] {
      for (int i = 0; i < 300; ++i) {
        const auto u = KeyUsage(1 + (i + t) % 7);
        const auto read = decrypt(key, u, encrypt(key, u, plain));
        if (!read || to_buffer(*read) != plain) ADD_FAILURE() << "thread " << t;
        if (!verify_checksum(make_checksum(key, u, plain), key, u, plain)) ADD_FAILURE() << "thread " << t;
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(EncTypes, EveryType, testing::ValuesIn(kTypes),
                         [](const auto& test) { return "etype" + std::to_string(int(test.param)); });

TEST(Random, BytesNeverRepeat) {
  std::set<std::string> seen;
  std::array<std::uint8_t, 16> drawn;
  for (int i = 0; i < 1000; ++i) {
    random_bytes(drawn);
    EXPECT_TRUE(seen.insert(to_hex(drawn)).second);
  }
}

TEST(Random, AForkedProcessDrawsOthers) {
  std::array<std::uint8_t, 16> drawn, childs;
  random_bytes(drawn);
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const auto child = fork();
  ASSERT_GE(child, 0);
  random_bytes(drawn);
  if (child == 0) _exit(::write(pipe_ends[1], drawn.data(), drawn.size()) == 16 ? 0 : 1);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(::read(pipe_ends[0], childs.data(), childs.size()), 16);
  EXPECT_NE(drawn, childs);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(Random, NoncesAreBelowTwoToThe31) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto nonce = random_nonce();
    EXPECT_LT(nonce, 0x80000000u);
    seen.insert(nonce);
  }
  EXPECT_GT(seen.size(), 990u);
}

}  // namespace
}  // namespace stead
