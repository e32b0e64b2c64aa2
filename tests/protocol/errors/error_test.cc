#include "sspi_shim/protocol/errors/error.h"

#include "sspi_shim/protocol/errors/error_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace stead {
namespace {

class CodeTables : public testing::TestWithParam<const std::vector<CodeEntry>*> {};
TEST_P(CodeTables, AscendWithoutGapsInWhatTheySay) {
  const auto& table = *GetParam();
  EXPECT_TRUE(
      std::is_sorted(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.value < b.value; }));
  std::set<std::string_view> names;
  std::set<std::uint32_t> values;
  for (const auto& entry : table) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(values.insert(entry.value).second) << entry.name;
    EXPECT_TRUE(entry.meaning.ends_with('.')) << entry.name;
    EXPECT_TRUE(entry.advice.ends_with('.')) << entry.name;
  }
}
INSTANTIATE_TEST_SUITE_P(All, CodeTables, testing::Values(&krb_error_table(), &nt_status_table()));

TEST(KrbErrors, HaveTheirNames) {
  EXPECT_EQ(krb_error_name(13), "KDC_ERR_BADOPTION");
  EXPECT_EQ(krb_error_name(12), "KDC_ERR_POLICY");
  EXPECT_EQ(krb_error_name(36), "KRB_AP_ERR_BADMATCH");
  EXPECT_EQ(krb_error_name(99), "KRB_ERROR_99");
  EXPECT_EQ(krb_error_name(-1), "KRB_ERROR_-1");
}

TEST(KrbErrors, AreErrorCodesWithAReadableMessage) {
  const Error error = KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN;
  EXPECT_EQ(error.value(), 7);
  EXPECT_STREQ(error.category().name(), "krb");
  EXPECT_TRUE(error.message().starts_with("KDC_ERR_S_PRINCIPAL_UNKNOWN: ")) << error.message();
  EXPECT_EQ(make_error_code(KrbErrc{99}).message(), "KRB_ERROR_99");
  EXPECT_NE(error, Error(7, wire_category()));
}

TEST(NtStatuses, HaveTheirNames) {
  EXPECT_EQ(nt_status_name(0xC0000225), "STATUS_NOT_FOUND");
  EXPECT_EQ(nt_status_name(0xC000040B), "STATUS_CROSSREALM_DELEGATION_FAILURE");
  EXPECT_EQ(nt_status_name(0xC0001234), "0xC0001234");
}

TEST(WireErrors, SayWhatIsWrong) {
  for (int code = 1; code <= static_cast<int>(WireErrc::wrong_key_type); ++code) {
    EXPECT_FALSE(wire_category().message(code).starts_with("malformed")) << code;
  }
  EXPECT_EQ(wire_category().message(99), "malformed message (99)");
}

}  // namespace
}  // namespace stead
