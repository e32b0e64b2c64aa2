#include "kdc/ldap/wire/ldap_request.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kdc/ldap/wire/ldap_reply.h"
#include "sspi_shim/base/hex.h"

namespace stead::kdc {
namespace {

Filter equality(std::string attribute, std::string_view value) {
  Filter out;
  out.kind = Filter::Kind::equality;
  out.attribute = std::move(attribute);
  out.value = to_buffer(as_bytes(value));
  return out;
}

Filter with_parts(Filter::Kind kind, std::vector<Filter> parts) {
  Filter out;
  out.kind = kind;
  out.parts = std::move(parts);
  return out;
}

LdapRequest search_with(Filter filter) {
  SearchRequest search;
  search.base = "DC=example,DC=com";
  search.scope = SearchRequest::Scope::subtree;
  search.filter = std::move(filter);
  search.attributes = {"cn", "memberOf"};
  return {7, std::move(search), {}};
}

void expect_same_after_writing(const LdapRequest& request) {
  const auto again = decode_ldap_request(encode(request));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, request);
}

Error refusal(const std::string& hex) {
  const auto decoded = decode_ldap_request(from_hex(hex));
  return decoded ? Error{} : decoded.error();
}

// What OpenLDAP's ldapsearch -x -s base -b "" sends.
TEST(LdapRequest, ReadsWhatStockClientsSend) {
  const auto bind = decode_ldap_request(from_hex("300c020101 6007 020103 0400 8000"));
  ASSERT_TRUE(bind);
  EXPECT_EQ(bind->id, 1);
  ASSERT_TRUE(std::holds_alternative<BindRequest>(bind->operation));
  EXPECT_EQ(std::get<BindRequest>(bind->operation).password, SecretBuffer());
  const auto search = decode_ldap_request(
      from_hex("3025020102 6320 0400 0a0100 0a0100 020100 020100 010100 870b6f626a656374636c617373 3000"));
  ASSERT_TRUE(search);
  const auto& root = std::get<SearchRequest>(search->operation);
  EXPECT_EQ(root.filter.kind, Filter::Kind::present);
  EXPECT_EQ(root.filter.attribute, "objectclass");
}

// Windows writes every length in five octets.
TEST(LdapRequest, ReadsLongFormsOfLengths) {
  const auto unbind = decode_ldap_request(from_hex("308400000005 020103 4200"));
  ASSERT_TRUE(unbind);
  EXPECT_TRUE(std::holds_alternative<UnbindRequest>(unbind->operation));
}

TEST(LdapRequest, IsTheSameAfterWriting) {
  Filter substrings;
  substrings.kind = Filter::Kind::substrings;
  substrings.attribute = "cn";
  substrings.initial = Buffer{'a'};
  substrings.middle = {Buffer{'b'}, Buffer{'c'}};
  substrings.final = Buffer{'d'};
  Filter extensible;
  extensible.kind = Filter::Kind::extensible;
  extensible.attribute = "userAccountControl";
  extensible.rule = "1.2.840.113556.1.4.803";
  extensible.value = Buffer{'2'};
  extensible.dn_attributes = true;
  expect_same_after_writing(
      search_with(with_parts(Filter::Kind::all, {equality("cn", "x"), std::move(substrings), std::move(extensible),
                                                 with_parts(Filter::Kind::negation, {equality("cn", "y")}),
                                                 with_parts(Filter::Kind::any, {})})));
  const LdapAttributeValues values{"servicePrincipalName", {SecretBuffer{'a'}, SecretBuffer{}}};
  const std::vector<LdapOperation> operations = {
      BindRequest{3, "CN=x", SecretBuffer{'p'}, {}, {}},
      BindRequest{3, "", {}, "GSSAPI", Buffer{1, 2}},
      BindRequest{3, "", {}, "GSSAPI", {}},
      BindRequest{3, "NTLM", {}, "", Buffer{1}, BindRequest::Sicily::negotiate},
      UnbindRequest{},
      ModifyRequest{"CN=x",
                    {{Modification::Operation::replace, values}, {Modification::Operation::remove, {"cn", {}}}}},
      AddRequest{"CN=x", {values}},
      DeleteRequest{"CN=x"},
      ModifyDnRequest{"CN=x", "CN=y", true, "DC=z"},
      CompareRequest{"CN=x", "cn", Buffer{'x'}},
      AbandonRequest{300},
      ExtendedRequest{"1.3.6.1.4.1.1466.20037", {}}};
  for (const auto& operation : operations) {
    SCOPED_TRACE(operation.index());
    expect_same_after_writing({1, operation, {{"1.2.840.113556.1.4.319", true, Buffer{0x30, 0}}, {"1.2", false, {}}}});
  }
}

TEST(LdapRequest, RefusesMalformedBytes) {
  EXPECT_EQ(refusal(""), make_error_code(WireErrc::truncated));
  EXPECT_EQ(refusal("3080 020101 4200 0000"), make_error_code(WireErrc::bad_length));
  EXPECT_EQ(refusal("3006 020101 420100"), make_error_code(WireErrc::bad_value));
  EXPECT_EQ(refusal("3005 0201ff 4200"), make_error_code(WireErrc::bad_value));    // a negative message ID
  EXPECT_EQ(refusal("3005 020101 5f00"), make_error_code(WireErrc::unsupported));  // a tag of several octets
  EXPECT_EQ(refusal("3005 020101 7000"), make_error_code(WireErrc::unsupported));  // no such operation
  EXPECT_EQ(refusal("3007 020101 4200 0500"), make_error_code(WireErrc::trailing_bytes));
  EXPECT_EQ(refusal("3006 020101 5001ff"), make_error_code(WireErrc::bad_value));  // abandons a negative ID
  // A search with scope 3.
  EXPECT_EQ(refusal("301a020102 6315 0400 0a0103 0a0100 020100 020100 010100 8700 3000"),
            make_error_code(WireErrc::bad_value));
  // Substrings: none at all, and the first one twice.
  EXPECT_EQ(refusal("301e020102 6319 0400 0a0100 0a0100 020100 020100 010100 a404 0400 3000 3000"),
            make_error_code(WireErrc::bad_value));
  EXPECT_EQ(refusal("3022020102 631d 0400 0a0100 0a0100 020100 020100 010100 a408 0400 3004 8000 8000 3000"),
            make_error_code(WireErrc::bad_value));
}

TEST(LdapRequest, LimitsDepthAndSizeOfFilters) {
  auto filter = equality("cn", "x");
  for (int depth = 2; depth <= kMaxFilterDepth; ++depth) filter = with_parts(Filter::Kind::negation, {filter});
  expect_same_after_writing(search_with(filter));
  const auto deeper = decode_ldap_request(encode(search_with(with_parts(Filter::Kind::negation, {filter}))));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error(), make_error_code(WireErrc::too_deep));

  std::vector<Filter> terms(kMaxFilterTerms - 1, equality("cn", "x"));
  expect_same_after_writing(search_with(with_parts(Filter::Kind::any, terms)));
  terms.push_back(equality("cn", "x"));
  const auto larger = decode_ldap_request(encode(search_with(with_parts(Filter::Kind::any, terms))));
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error(), make_error_code(WireErrc::too_large));
}

TEST(LdapRequest, LimitsTheNumberOfValues) {
  ModifyRequest modify{"CN=x",
                       {{Modification::Operation::add, {"member", std::vector<SecretBuffer>(kMaxLdapValues / 2)}}}};
  modify.changes.push_back(modify.changes.front());
  expect_same_after_writing({1, modify, {}});
  modify.changes.back().change.values.emplace_back();
  const auto larger = decode_ldap_request(encode(LdapRequest{1, modify, {}}));
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error(), make_error_code(WireErrc::too_large));
}

TEST(LdapMessageSize, IsKnownFromTheFirstOctets) {
  const auto size = [](const std::string& hex) { return ldap_message_size(from_hex(hex), 1000); };
  EXPECT_EQ(size("").value(), 0u);
  EXPECT_EQ(size("30").value(), 0u);
  EXPECT_EQ(size("3005").value(), 7u);
  EXPECT_EQ(size("30820100").value(), 260u);
  EXPECT_EQ(size("308400").value(), 0u);
  EXPECT_EQ(size("308400000100").value(), 262u);
  EXPECT_EQ(size("16030100").error(), make_error_code(WireErrc::bad_tag));  // TLS
  EXPECT_EQ(size("3080").error(), make_error_code(WireErrc::bad_length));
  EXPECT_EQ(size("30820400").error(), make_error_code(WireErrc::too_large));
  EXPECT_EQ(size("3088ffffffffffffffff").error(), make_error_code(WireErrc::too_large));
}

TEST(PagedResults, IsTheSameAfterWriting) {
  const PagedResults value{1000, Buffer{1, 2, 3}};
  const auto again = decode_paged_results(encode(value));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, value);
  EXPECT_FALSE(decode_paged_results(from_hex("3005 0201ff 0400")));
  EXPECT_FALSE(decode_paged_results({}));
}

TEST(LdapReply, HasTheFormOfRfc4511) {
  EXPECT_EQ(to_hex(encode_ldap_result(2, LdapReplyKind::search_done, {})), "300c02010265070a010004000400");
  EXPECT_EQ(to_hex(encode_bind_response(1, {LdapCode::invalid_credentials, "no"}, Buffer{0xaa})),
            "3011020101610c0a01310400040"
            "26e6f"
            "8701aa");
  EXPECT_EQ(to_hex(encode_search_entry(2, {"DC=x", {{"cn", {Buffer{'x'}}}}})),
            "301802010264130404"
            "44433d78"
            "300b30090402636e3103040178");
}

}  // namespace
}  // namespace stead::kdc
