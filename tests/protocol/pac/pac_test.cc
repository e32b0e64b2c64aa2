#include "sspi_shim/protocol/pac/pac.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/pac/pac_vectors.h"

namespace stead {
namespace {

Key make_key(EncType type, Bytes value) {
  return Key::make(type, value).value();
}
Key aes(const char* name) {
  return make_key(EncType::aes256_cts_hmac_sha1_96, pac_vector(name));
}
Key rc4(const char* name) {
  return make_key(EncType::rc4_hmac, pac_vector(name));
}

// --- What Windows signed.

struct WindowsTicket {
  SecretBuffer der;
  EncTicketPart part;
  Buffer pac;
};
WindowsTicket windows_2022() {
  const Ticket ticket = decode_ticket(pac_vector("win2022_ticket")).value();
  WindowsTicket out;
  out.der = decrypt_data(aes("win2022_server_key"), KeyUsage::ticket, ticket.enc_part).value();
  out.part = decode_enc_ticket_part(out.der).value();
  out.pac = pac_bytes_of(out.part).value();
  return out;
}

TEST(PacOfWindows2022, AllFourSignaturesHold) {
  const WindowsTicket ticket = windows_2022();
  EXPECT_TRUE(verify_server_signature(ticket.pac, aes("win2022_server_key")));
  EXPECT_TRUE(verify_kdc_signature(ticket.pac, aes("win2022_kdc_key")));
  EXPECT_TRUE(verify_ticket_signature(ticket.der, ticket.pac, aes("win2022_kdc_key")));
  EXPECT_TRUE(verify_extended_kdc_signature(ticket.pac, aes("win2022_kdc_key")));
}

TEST(PacOfWindows2022, NoSignatureHoldsWithAnotherKey) {
  const WindowsTicket ticket = windows_2022();
  EXPECT_EQ(verify_server_signature(ticket.pac, aes("win2022_kdc_key")).error(), WireErrc::integrity);
  EXPECT_EQ(verify_kdc_signature(ticket.pac, aes("win2022_server_key")).error(), WireErrc::integrity);
  EXPECT_EQ(verify_ticket_signature(ticket.der, ticket.pac, aes("win2022_server_key")).error(), WireErrc::integrity);
  EXPECT_EQ(verify_extended_kdc_signature(ticket.pac, aes("win2022_server_key")).error(), WireErrc::integrity);
}

TEST(PacOfWindows2022, NoBitOfThePacMayChange) {
  const WindowsTicket ticket = windows_2022();
  const Key server = aes("win2022_server_key"), kdc = aes("win2022_kdc_key");
  for (std::size_t i = 0; i < ticket.pac.size(); ++i) {
    Buffer changed = ticket.pac;
    changed[i] ^= 1;
    EXPECT_FALSE(verify_server_signature(changed, server) && verify_kdc_signature(changed, kdc) &&
                 verify_extended_kdc_signature(changed, kdc))
        << i;
  }
}

TEST(PacOfWindows2022, NoBitOfTheTicketMayChange) {
  const WindowsTicket ticket = windows_2022();
  const Key kdc = aes("win2022_kdc_key");
  for (std::size_t i = 0; i < ticket.der.size(); ++i) {
    SecretBuffer changed = ticket.der;
    changed[i] ^= 1;
    EXPECT_FALSE(verify_ticket_signature(changed, ticket.pac, kdc)) << i;
  }
  for (std::size_t size = 0; size < ticket.der.size(); size += 7)
    EXPECT_FALSE(verify_ticket_signature(Bytes(ticket.der).first(size), ticket.pac, kdc)) << size;
}

TEST(PacOfWindows2022, TheForwardableFlagIsUnderTheTicketSignature) {
  WindowsTicket ticket = windows_2022();
  ticket.part.flags ^= ticket_flag::forwardable;
  EXPECT_EQ(verify_ticket_signature(encode(ticket.part), ticket.pac, aes("win2022_kdc_key")).error(),
            WireErrc::integrity);
}

TEST(PacOfWindows2003, BothSignaturesHold) {
  const Buffer pac = pac_vector("win2003_pac");
  EXPECT_TRUE(verify_server_signature(pac, rc4("win2003_server_key")));
  EXPECT_TRUE(verify_kdc_signature(pac, rc4("win2003_kdc_key")));
  EXPECT_EQ(verify_server_signature(pac, rc4("win2003_kdc_key")).error(), WireErrc::integrity);
  EXPECT_EQ(verify_extended_kdc_signature(pac, rc4("win2003_kdc_key")).error(), WireErrc::bad_value);
  EXPECT_EQ(encode(decode_pac(pac).value()), pac);
}

TEST(PacOfWindows2008, ServerSignaturesOfS4u2selfTicketsHold) {
  for (const char* name : {"s4u_regular", "s4u_enterprise"})
    EXPECT_TRUE(verify_server_signature(pac_vector(name), aes("s4u_server_key"))) << name;
  for (const char* name : {"s4u_xrealm", "s4u_ent_xrealm"})
    EXPECT_TRUE(verify_server_signature(pac_vector(name), aes("s4u_trust_key"))) << name;
}

TEST(PacOfTheWorkedExample, IsInItsAuthorizationData) {
  EncTicketPart part;
  part.authorization_data = decode_authorization_data(pac_vector("ms_pac_authorization_data")).value();
  part.authorization_data = {{AdType::if_relevant, encode(part.authorization_data)}};
  const Pac pac = decode_pac(pac_bytes_of(part).value()).value();
  ASSERT_TRUE(pac.find(PacType::logon_info));
  EXPECT_EQ(*pac.find(PacType::logon_info), pac_vector("ms_pac_logon_info"));
  EXPECT_FALSE(pac.find(PacType::s4u_delegation_info));
}

// --- What we sign.

Pac some_pac() {
  return {{{PacType::logon_info, Buffer(37, 0x11)}, {PacType::client_info, Buffer(10, 0x22)}, {PacType(99), Buffer()}}};
}
EncTicketPart some_part() {
  EncTicketPart part;
  part.flags = ticket_flag::forwardable;
  part.key = {EncType::aes256_cts_hmac_sha1_96, SecretBuffer(32, 0x77)};
  part.crealm = "CORP.EXAMPLE";
  part.cname = {NameType::principal, {"alice"}};
  part.authtime = Time(std::chrono::seconds(1700000000));
  part.endtime = Time(std::chrono::seconds(1700036000));
  part.authorization_data = {
      {AdType::if_relevant, encode(AuthorizationData{{AdType::token_restrictions, Buffer(5, 0x44)}})},
      {AdType::and_or, Buffer{0x30, 0x00}}};
  return part;
}

class OurPac : public testing::TestWithParam<std::pair<EncType, EncType>> {
 protected:
  const Key server = Key::random(GetParam().first), kdc = Key::random(GetParam().second);
};

TEST_P(OurPac, HasFourSignaturesThatHold) {
  EncTicketPart part = some_part();
  const SecretBuffer der = encode_with_signed_pac(part, some_pac(), server, kdc, PacSignatures::all_four);
  const Buffer pac = pac_bytes_of(decode_enc_ticket_part(der).value()).value();
  EXPECT_EQ(decode_enc_ticket_part(der).value(), part);
  EXPECT_TRUE(verify_server_signature(pac, server));
  EXPECT_TRUE(verify_kdc_signature(pac, kdc));
  EXPECT_TRUE(verify_ticket_signature(der, pac, kdc));
  EXPECT_TRUE(verify_extended_kdc_signature(pac, kdc));
  const Key other = Key::random(GetParam().second);
  EXPECT_EQ(verify_kdc_signature(pac, other).error(), WireErrc::integrity);
  EXPECT_EQ(verify_ticket_signature(der, pac, other).error(), WireErrc::integrity);
  EXPECT_EQ(verify_extended_kdc_signature(pac, other).error(), WireErrc::integrity);
}

TEST_P(OurPac, StandsFirstAndKeepsTheOtherAuthorizationData) {
  EncTicketPart part = some_part();
  const AuthorizationData before = part.authorization_data;
  (void)encode_with_signed_pac(part, some_pac(), server, kdc, PacSignatures::all_four);
  ASSERT_EQ(part.authorization_data.size(), 3u);
  EXPECT_EQ(part.authorization_data[0].type, AdType::if_relevant);
  EXPECT_EQ(part.authorization_data[1], before[0]);
  EXPECT_EQ(part.authorization_data[2], before[1]);
}

TEST_P(OurPac, IsReplacedWhereItIsSignedAgain) {
  EncTicketPart part = some_part();
  (void)encode_with_signed_pac(part, some_pac(), server, kdc, PacSignatures::all_four);
  const Pac first = decode_pac(pac_bytes_of(part).value()).value();
  const SecretBuffer der = encode_with_signed_pac(part, first, server, kdc, PacSignatures::server_and_kdc);
  EXPECT_EQ(part.authorization_data.size(), 3u);
  const Buffer pac = pac_bytes_of(part).value();
  EXPECT_TRUE(verify_server_signature(pac, server));
  EXPECT_TRUE(verify_kdc_signature(pac, kdc));
  EXPECT_EQ(verify_ticket_signature(der, pac, kdc).error(), WireErrc::bad_value);
  EXPECT_EQ(verify_extended_kdc_signature(pac, kdc).error(), WireErrc::bad_value);
  const Pac again = decode_pac(pac).value();
  EXPECT_EQ(again.buffers.size(), 5u);
  EXPECT_FALSE(again.find(PacType::ticket_checksum));
}

INSTANTIATE_TEST_SUITE_P(Keys, OurPac,
                         testing::Values(std::pair(EncType::aes256_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::aes128_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::aes128_cts_hmac_sha256_128,
                                                   EncType::aes256_cts_hmac_sha384_192),
                                         std::pair(EncType::rc4_hmac, EncType::aes256_cts_hmac_sha1_96),
                                         std::pair(EncType::aes256_cts_hmac_sha1_96, EncType::rc4_hmac),
                                         std::pair(EncType::rc4_hmac, EncType::rc4_hmac)));

TEST(PacVerification, TakesNoWeakerSignatureThanTheKeysOwn) {
  const Key key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  Pac pac = some_pac();
  pac.set(PacType::server_checksum, encode(PacSignature{ChecksumType::hmac_md5, Buffer(16), {}}));
  pac.set(PacType::kdc_checksum, encode(PacSignature{ChecksumType::hmac_md5, Buffer(16), {}}));
  const Checksum server = make_checksum(ChecksumType::hmac_md5, key, KeyUsage::pac_checksum, encode(pac)).value();
  const Checksum kdc = make_checksum(ChecksumType::hmac_md5, key, KeyUsage::pac_checksum, server.value).value();
  pac.set(PacType::server_checksum, encode(PacSignature{server.type, server.value, {}}));
  pac.set(PacType::kdc_checksum, encode(PacSignature{kdc.type, kdc.value, {}}));
  EXPECT_EQ(verify_server_signature(encode(pac), key).error(), WireErrc::wrong_key_type);
  EXPECT_EQ(verify_kdc_signature(encode(pac), key).error(), WireErrc::wrong_key_type);

  pac.set(PacType::server_checksum,
          encode(PacSignature{ChecksumType::rsa_md5, unkeyed_checksum(ChecksumType::rsa_md5, {}), {}}));
  EXPECT_FALSE(verify_server_signature(encode(pac), key));
}

TEST(PacVerification, FailsWhereASignatureIsAbsent) {
  const Key key = Key::random(EncType::aes128_cts_hmac_sha1_96);
  EXPECT_EQ(verify_server_signature(encode(some_pac()), key).error(), WireErrc::bad_value);
  EXPECT_EQ(verify_kdc_signature(encode(some_pac()), key).error(), WireErrc::bad_value);
  EXPECT_EQ(verify_extended_kdc_signature(encode(some_pac()), key).error(), WireErrc::bad_value);
  EncTicketPart part = some_part();
  const SecretBuffer der = encode_with_signed_pac(part, some_pac(), key, key, PacSignatures::all_four);
  Pac pac = decode_pac(pac_bytes_of(part).value()).value();
  pac.remove(PacType::kdc_checksum);
  EXPECT_EQ(verify_server_signature(encode(pac), key).error(), WireErrc::bad_value);
  EXPECT_EQ(verify_extended_kdc_signature(encode(pac), key).error(), WireErrc::bad_value);
}

TEST(PacVerification, AnRodcsNumberIsUnderTheServerSignature) {
  // An RODC's PAC: the number stands after the KDC signature; only the signature's own bytes count as zero.
  const Key key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  Pac pac = some_pac();
  pac.set(PacType::server_checksum, encode(PacSignature{ChecksumType::hmac_sha1_96_aes256, Buffer(12), {}}));
  pac.set(PacType::kdc_checksum, encode(PacSignature{ChecksumType::hmac_sha1_96_aes256, Buffer(12), 0x1234}));
  const Checksum server = make_checksum(key, KeyUsage::pac_checksum, encode(pac));
  const Checksum kdc = make_checksum(key, KeyUsage::pac_checksum, server.value);
  pac.set(PacType::server_checksum, encode(PacSignature{server.type, server.value, {}}));
  pac.set(PacType::kdc_checksum, encode(PacSignature{kdc.type, kdc.value, 0x1234}));
  EXPECT_TRUE(verify_server_signature(encode(pac), key));
  EXPECT_TRUE(verify_kdc_signature(encode(pac), key));
  pac.set(PacType::kdc_checksum, encode(PacSignature{kdc.type, kdc.value, 0x1235}));
  EXPECT_EQ(verify_server_signature(encode(pac), key).error(), WireErrc::integrity);
}

TEST(PacVerification, TheTicketsOwnPacIsJudged) {
  const Key key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  EncTicketPart part = some_part(), other = some_part();
  const SecretBuffer der = encode_with_signed_pac(part, some_pac(), key, key, PacSignatures::all_four);
  Pac forged = some_pac();
  forged.buffers[0].data[0] ^= 1;
  (void)encode_with_signed_pac(other, forged, key, key, PacSignatures::all_four);
  EXPECT_EQ(verify_ticket_signature(der, pac_bytes_of(other).value(), key).error(), WireErrc::bad_value);
  EXPECT_EQ(verify_ticket_signature(encode(some_part()), pac_bytes_of(part).value(), key).error(), WireErrc::bad_value);
}

TEST(PacBytesOf, LooksOnlyInsideIfRelevant) {
  EncTicketPart part = some_part();
  EXPECT_TRUE(pac_bytes_of(part).value().empty());
  part.authorization_data.push_back({AdType::win2k_pac, Buffer{1}});
  EXPECT_TRUE(pac_bytes_of(part).value().empty());
  part.authorization_data.push_back({AdType::if_relevant, encode(AuthorizationData{{AdType::win2k_pac, Buffer{2}}})});
  EXPECT_EQ(pac_bytes_of(part).value(), Buffer{2});
  part.authorization_data.insert(part.authorization_data.begin(), {AdType::if_relevant, Buffer{0x30}});
  EXPECT_EQ(pac_bytes_of(part).error(), WireErrc::truncated);
}

// --- The container.

TEST(PacContainer, AlignsTo8WithZeros) {
  const Pac pac{{{PacType::logon_info, {1, 2, 3}}, {PacType(99), {}}, {PacType::client_info, {4}}}};
  EXPECT_EQ(to_hex(encode(pac)), to_hex(from_hex("0300000000000000"
                                                 "01000000 03000000 3800000000000000"
                                                 "63000000 00000000 4000000000000000"
                                                 "0a000000 01000000 4000000000000000"
                                                 "0102030000000000 0400000000000000")));
  EXPECT_EQ(decode_pac(encode(pac)).value(), pac);
  EXPECT_EQ(decode_pac(encode(Pac())).value(), Pac());
}

TEST(PacContainer, KeepsSeveralBuffersOfUnknownTypes) {
  const Pac pac{{{PacType(99), {1}}, {PacType(99), {2}}, {PacType(0x80000001), {3}}}};
  EXPECT_EQ(decode_pac(encode(pac)).value(), pac);
}

TEST(PacContainer, SetsReplacesAndRemoves) {
  Pac pac = some_pac();
  pac.set(PacType::client_info, {1});
  EXPECT_EQ(*pac.find(PacType::client_info), Buffer{1});
  EXPECT_EQ(pac.buffers.size(), 3u);
  pac.set(PacType::upn_dns_info, {2});
  EXPECT_EQ(pac.buffers.back().type, PacType::upn_dns_info);
  pac.remove(PacType::client_info);
  EXPECT_FALSE(pac.find(PacType::client_info));
}

struct Refused {
  const char* name;
  Buffer bytes;
  WireErrc why;
};
class PacRefuses : public testing::TestWithParam<Refused> {};
TEST_P(PacRefuses, WithTheRightError) {
  EXPECT_EQ(decode_pac(GetParam().bytes).error(), GetParam().why);
  EXPECT_FALSE(verify_server_signature(GetParam().bytes, Key::random(EncType::aes128_cts_hmac_sha1_96)));
}
INSTANTIATE_TEST_SUITE_P(
    Containers, PacRefuses,
    testing::Values(
        Refused{"empty", {}, WireErrc::truncated},
        Refused{"no_header", from_hex("00000000000000"), WireErrc::truncated},
        Refused{"version_1", from_hex("0000000001000000"), WireErrc::unsupported},
        Refused{"entry_missing", from_hex("0100000000000000"), WireErrc::too_large},
        Refused{"count_of_4_g", from_hex("ffffffff00000000 01000000 00000000 1800000000000000"), WireErrc::too_large},
        Refused{"count_of_256_m", from_hex("0000001000000000 01000000 00000000 1800000000000000"), WireErrc::too_large},
        Refused{"unaligned", from_hex("0100000000000000 01000000 01000000 1900000000000000 0000"), WireErrc::bad_value},
        Refused{"inside_the_header", from_hex("0100000000000000 01000000 01000000 1000000000000000 00"),
                WireErrc::bad_length},
        Refused{"offset_beyond", from_hex("0100000000000000 01000000 00000000 2000000000000000"), WireErrc::bad_length},
        Refused{"offset_near_2_to_64", from_hex("0100000000000000 01000000 10000000 f8ffffffffffffff"),
                WireErrc::bad_length},
        Refused{"size_beyond", from_hex("0100000000000000 01000000 02000000 1800000000000000 00"),
                WireErrc::bad_length},
        Refused{"size_of_4_g", from_hex("0100000000000000 01000000 ffffffff 1800000000000000 00"),
                WireErrc::bad_length},
        Refused{"overlap",
                from_hex("0200000000000000 01000000 09000000 2800000000000000 0a000000 01000000 3000000000000000"
                         "0000000000000000 0000"),
                WireErrc::bad_value},
        Refused{"same_place",
                from_hex("0200000000000000 01000000 01000000 2800000000000000 0a000000 01000000 2800000000000000 00"),
                WireErrc::bad_value},
        Refused{"twice", encode(Pac{{{PacType::logon_info, {1}}, {PacType::logon_info, {2}}}}), WireErrc::bad_value},
        Refused{"two_server_signatures",
                encode(Pac{{{PacType::server_checksum, {1}}, {PacType::server_checksum, {2}}}}), WireErrc::bad_value},
        Refused{"fuzz1", pac_vector("fuzz1"), WireErrc::too_large},
        Refused{"fuzz2", pac_vector("fuzz2"), WireErrc::too_large}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PacSignatureData, OfAWindowsDc) {
  const PacSignature server = decode_pac_signature(pac_vector("gokrb5_server_signature")).value();
  EXPECT_EQ(server.type, ChecksumType::hmac_sha1_96_aes256);
  EXPECT_EQ(to_hex(server.value), "1e251d98d552be7df384f550");
  const PacSignature kdc = decode_pac_signature(pac_vector("gokrb5_kdc_signature")).value();
  EXPECT_EQ(kdc.type, ChecksumType::hmac_md5);
  EXPECT_EQ(encode(kdc), pac_vector("gokrb5_kdc_signature"));
}

TEST(PacSignatureData, HasAnRodcsNumberBehindTheSignature) {
  const Buffer bytes = from_hex("0f000000 000102030405060708090a0b 3412");
  const PacSignature signature = decode_pac_signature(bytes).value();
  EXPECT_EQ(signature.rodc_identifier, 0x1234);
  EXPECT_EQ(signature.value.size(), 12u);
  EXPECT_EQ(encode(signature), bytes);
}

TEST(PacSignatureData, RefusesOtherSizesAndTypes) {
  EXPECT_EQ(decode_pac_signature(from_hex("0f0000")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_signature(from_hex("0f000000 000102030405060708090a")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_signature(from_hex("0f000000 000102030405060708090a0b 00")).error(), WireErrc::trailing_bytes);
  EXPECT_EQ(decode_pac_signature(from_hex("0f000000 000102030405060708090a0b 000000")).error(),
            WireErrc::trailing_bytes);
  EXPECT_EQ(decode_pac_signature(from_hex("63000000 000102030405060708090a0b")).error(), WireErrc::unsupported);
}

}  // namespace
}  // namespace stead
