#include "sspi_shim/protocol/types/types.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

TEST(Principal, IsWrittenAndReadAsText) {
  struct Case {
    const char* text;
    Principal principal;
  };
  for (const auto& [text, principal] : {
           Case{"alice", {{NameType::principal, {"alice"}}, ""}},
           Case{"alice@A.EXAMPLE", {{NameType::principal, {"alice"}}, "A.EXAMPLE"}},
           Case{"HTTP/web.a.example@A.EXAMPLE", {{NameType::srv_inst, {"HTTP", "web.a.example"}}, "A.EXAMPLE"}},
           Case{"a/b/c", {{NameType::srv_inst, {"a", "b", "c"}}, ""}},
           Case{"alice\\@a.example@A.EXAMPLE", {{NameType::principal, {"alice@a.example"}}, "A.EXAMPLE"}},
           Case{"a\\/b\\\\c", {{NameType::principal, {"a/b\\c"}}, ""}},
           Case{"a\\nb\\tc\\bd", {{NameType::principal, {"a\nb\tc\bd"}}, ""}},
           Case{"alice@A\\/B", {{NameType::principal, {"alice"}}, "A/B"}},
       }) {
    const Result<Principal> parsed = parse_principal(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(*parsed, principal) << text;
    EXPECT_EQ(parsed->name.type, principal.name.type) << text;
    EXPECT_EQ(to_string(principal), text);
  }
  EXPECT_EQ(to_string(samples::web(), "A.EXAMPLE"), "HTTP/web.a.example@A.EXAMPLE");
  EXPECT_EQ(parse_principal("HTTP/x@").value(), (Principal{{NameType::srv_inst, {"HTTP", "x"}}, ""}));
}

TEST(Principal, IsRefusedWhereTextIsNone) {
  const std::string nul("a\0b", 3);
  for (const std::string& text :
       {std::string(), std::string("@A"), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("a@B@C"), std::string("a@B/C"), std::string("a\\"), std::string("a\\0b"), nul}) {
    EXPECT_EQ(parse_principal(text).error(), make_error_code(WireErrc::bad_value)) << text;
  }
}

TEST(PrincipalName, ComparesComponentsOnly) {
  EXPECT_EQ((PrincipalName{NameType::principal, {"a"}}), (PrincipalName{NameType::enterprise, {"a"}}));
  EXPECT_NE((PrincipalName{NameType::principal, {"a"}}), (PrincipalName{NameType::principal, {"A"}}));
  EXPECT_TRUE(is_krbtgt(krbtgt_name("A.EXAMPLE")));
  EXPECT_FALSE(is_krbtgt(samples::web()));
  EXPECT_FALSE(is_krbtgt({NameType::principal, {"krbtgt"}}));
  EXPECT_EQ(enterprise_name("alice@a.example").type, NameType::enterprise);
}

TEST(EncryptedData, TakesSignedAndUnsignedKvno) {
  const auto with_kvno = [](Buffer kvno) {
    Buffer der = from_hex("301a a003020112 a1");
    der.push_back(std::uint8_t(kvno.size()));
    append(der, kvno);
    append(der, from_hex("a206 0404 01020304"));
    der[1] = std::uint8_t(der.size() - 2);
    return decode_encrypted_data(der);
  };
  EXPECT_EQ(with_kvno({0x02, 0x01, 0x03}).value().kvno, 3u);
  EXPECT_EQ(with_kvno({0x02, 0x04, 0x9a, 0x3c, 0x00, 0x01}).value().kvno, 0x9a3c0001u);
  EXPECT_EQ(with_kvno({0x02, 0x05, 0x00, 0x9a, 0x3c, 0x00, 0x01}).value().kvno, 0x9a3c0001u);
  EXPECT_EQ(with_kvno({0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00}).error(), make_error_code(WireErrc::bad_value));
  // Written as AD does: 32 bits, signed.
  EXPECT_EQ(to_hex(encode(EncryptedData{EncType::rc4_hmac, 0x9a3c0001, {}})), "3011a003020117a10602049a3c0001a2020400");
}

TEST(Checksum, TypeIsReadSignedAndUnsigned) {
  EXPECT_EQ(decode_checksum(from_hex("300aa0040202ff76a1020400")).value().type, ChecksumType::hmac_md5);
  EXPECT_EQ(decode_checksum(from_hex("300da007020500ffffff76a1020400")).value().type, ChecksumType::hmac_md5);
  EXPECT_EQ(decode_checksum(from_hex("300ba00502030080 03a1020400")).value().type, kGssChecksumType);
}

TEST(PaDataList, FindsTheFirstOfAType) {
  const PaDataList list{{PaType::enc_timestamp, {1}}, {PaType::fx_fast, {2}}, {PaType::fx_fast, {3}}};
  ASSERT_NE(find_padata(list, PaType::fx_fast), nullptr);
  EXPECT_EQ(find_padata(list, PaType::fx_fast)->value, Buffer{2});
  EXPECT_EQ(find_padata(list, PaType::for_user), nullptr);
}

TEST(PaDataList, RefusesMoreThanAnybodySends) {
  EXPECT_TRUE(decode_padata_list(encode(PaDataList(512))).has_value());
  EXPECT_EQ(decode_padata_list(encode(PaDataList(513))).error(), make_error_code(WireErrc::too_large));
}

TEST(EncTypeNames, AreFoundByAnyOfThem) {
  EXPECT_EQ(enctype_name(EncType::aes256_cts_hmac_sha1_96), "aes256-cts-hmac-sha1-96");
  EXPECT_EQ(enctype_name(EncType{99}), "etype-99");
  for (const auto type :
       {EncType::aes128_cts_hmac_sha1_96, EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha256_128,
        EncType::aes256_cts_hmac_sha384_192, EncType::rc4_hmac}) {
    EXPECT_EQ(enctype_by_name(enctype_name(type)), type);
  }
  EXPECT_EQ(enctype_by_name("AES256-SHA1"), EncType::aes256_cts_hmac_sha1_96);
  EXPECT_EQ(enctype_by_name("arcfour-hmac"), EncType::rc4_hmac);
  EXPECT_EQ(enctype_by_name("des-cbc-md5"), EncType::null);
}

}  // namespace
}  // namespace stead
