// What we export, read by stock tools and libraries with no KDC about; and evidence read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>

#include "sspi_shim/context/evidence.h"
#include "tests/context/gss_peer.h"
#include "tests/context/ticket_fixture.h"

namespace stead {
namespace {

class CcacheTest : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    path_ = (folder_ / "user.ccache").string();
  }
  std::string klist() const {
    const std::string command = "klist -c '" + path_ + "' 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    std::array<char, 256> line{};
    while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr) out += line.data();
    if (pipe != nullptr) ::pclose(pipe);
    return out;
  }
  std::string path_;
};

TEST_F(CcacheTest, StockGssapiUsesItWithoutAKdc) {
  ASSERT_TRUE(export_ccache(issue(), path_));
  ::setenv("KRB5CCNAME", path_.c_str(), 1);
  std::string error;
  const Buffer token = test::initiate("HTTP@web.corp.test", error);
  ::unsetenv("KRB5CCNAME");
  ASSERT_FALSE(token.empty()) << error;
  const auto accepted = test::accept(token);
  ASSERT_TRUE(accepted.complete) << accepted.error;
  EXPECT_EQ(accepted.client, "alice@HOME.TEST");
}

TEST_F(CcacheTest, KlistShowsTheUserAndTheTicketAlone) {
  ASSERT_TRUE(export_ccache(issue(), path_));
  const std::string text = klist();
  EXPECT_THAT(text, testing::HasSubstr("Default principal: alice@HOME.TEST"));
  EXPECT_THAT(text, testing::HasSubstr("HTTP/web.corp.test@CORP.TEST"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("krbtgt")));
}

TEST_F(CcacheTest, TheFileIsTheOwnersAloneAndReplacedWhole) {
  std::ofstream(path_) << "something else";
  ::chmod(path_.c_str(), 0644);
  ASSERT_TRUE(export_ccache(issue(), "FILE:" + path_));
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_THAT(klist(), testing::HasSubstr("alice@HOME.TEST"));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) files += entry.path().string().find("user.ccache") != std::string::npos;
  EXPECT_EQ(files, 1) << "nothing temporary stays";
}

TEST_F(CcacheTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(export_ccache(issue(), (folder_ / "none" / "x").string()));
  EXPECT_FALSE(export_ccache(issue(), ""));
}

TEST_F(CcacheTest, EvidenceIsTheTicketToTheServiceNamed) {
  const IssuedTicket ticket = issue();
  ASSERT_TRUE(export_ccache(ticket, path_));
  const auto evidence = read_evidence(path_, *parse_principal("http/WEB.corp.test@CORP.TEST"), message_);
  ASSERT_TRUE(evidence) << message_;
  EXPECT_EQ(to_string(evidence->client), "alice@HOME.TEST");
  EXPECT_EQ(evidence->ticket_der, encode(ticket.credential().ticket));
  EXPECT_EQ(evidence->end_time, ticket.end_time());
  EXPECT_EQ(evidence->flags, ticket.credential().flags);
}

TEST_F(CcacheTest, MissingEvidenceSaysWhatIsThere) {
  ASSERT_TRUE(export_ccache(issue(), path_));
  EXPECT_FALSE(read_evidence(path_, *parse_principal("HTTP/other.corp.test@CORP.TEST"), message_));
  EXPECT_THAT(message_, testing::HasSubstr("ccache " + path_ + " has no ticket for HTTP/other.corp.test@CORP.TEST; it has "));
  EXPECT_THAT(message_, testing::HasSubstr("HTTP/web.corp.test@CORP.TEST"));
  EXPECT_FALSE(read_evidence((folder_ / "none").string(), service_, message_));
  EXPECT_THAT(message_, testing::HasSubstr("cannot be read"));
  std::ofstream(path_) << "no ccache";
  EXPECT_FALSE(read_evidence(path_, service_, message_));
}

TEST_F(CcacheTest, ExpiredEvidenceIsNone) {
  ASSERT_TRUE(export_ccache(issue(std::chrono::seconds(-10)), path_));
  EXPECT_EQ(read_evidence(path_, service_, message_).error(), make_error_code(KrbErrc::KRB_AP_ERR_TKT_EXPIRED));
  EXPECT_THAT(message_, testing::HasSubstr("has expired"));
}

}  // namespace
}  // namespace stead
