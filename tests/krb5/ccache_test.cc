// Exported ccaches, read by MIT's tools and libraries without a KDC; and evidence read back.
#include <gmock/gmock.h>
#include <gssapi/gssapi_ext.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sspi_shim/krb5/ccache_export.h"
#include "sspi_shim/krb5/evidence.h"
#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/krb5/proxy_credential.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

// As an application without Stead does.
void take_credentials(const std::string& ccache, std::string& owner) {
  gss_key_value_element_desc element{"ccache", ccache.c_str()};
  const gss_key_value_set_desc store{1, &element};
  GssCredential taken;
  GssName name;
  GssBuffer text;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                                                GSS_C_INITIATE, &store, &taken.value, nullptr, nullptr);
  ASSERT_FALSE(GSS_ERROR(major)) << gss_message(major, minor);
  ASSERT_EQ(gss_inquire_cred(&minor, taken.value, &name.value, nullptr, nullptr, nullptr), GSS_S_COMPLETE);
  ASSERT_EQ(gss_display_name(&minor, name.value, &text.value, nullptr), GSS_S_COMPLETE);
  owner = as_text(text.bytes());
}

class CcacheTest : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    path_ = (folder_ / "user.ccache").string();
  }
  [[nodiscard]] std::string klist() const {
    const std::string command = "klist -c '" + path_ + "' 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    std::array<char, 256> line{};
    while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr) out += line.data();
    if (pipe != nullptr) ::pclose(pipe);
    return out;
  }
  // What libkrb5 finds in the ccache of this name.
  struct Stored {
    std::vector<std::string> services;
    std::vector<std::string> whose;  // "client -> service"
    bool second_ticket = false, is_skey = false;
    std::string owner, proxy_impersonator;
  };
  static Stored read_back(const std::string& name) {
    Stored out;
    const auto context = make_krb5_context();
    krb5_ccache ccache = nullptr;
    krb5_cc_cursor cursor = nullptr;
    krb5_creds creds{};
    krb5_data impersonator{};
    EXPECT_EQ(krb5_cc_resolve(context->get(), name.c_str(), &ccache), 0);
    if (krb5_cc_get_config(context->get(), ccache, nullptr, "proxy_impersonator", &impersonator) == 0) {
      out.proxy_impersonator.assign(impersonator.data, impersonator.length);
      krb5_free_data_contents(context->get(), &impersonator);
    }
    krb5_principal owner = nullptr;
    EXPECT_EQ(krb5_cc_get_principal(context->get(), ccache, &owner), 0);
    out.owner = to_string(from_krb5(owner));
    krb5_free_principal(context->get(), owner);
    EXPECT_EQ(krb5_cc_start_seq_get(context->get(), ccache, &cursor), 0);
    while (krb5_cc_next_cred(context->get(), ccache, &cursor, &creds) == 0) {
      char* service = nullptr;
      EXPECT_EQ(krb5_unparse_name(context->get(), creds.server, &service), 0);
      if (krb5_is_config_principal(context->get(), creds.server) == 0) {
        out.services.emplace_back(service);
        out.whose.push_back(to_string(from_krb5(creds.client)) + " -> " + service);
      }
      out.second_ticket |= creds.second_ticket.length != 0;
      out.is_skey |= creds.is_skey != 0;
      krb5_free_unparsed_name(context->get(), service);
      krb5_free_cred_contents(context->get(), &creds);
    }
    krb5_cc_end_seq_get(context->get(), ccache, &cursor);
    krb5_cc_close(context->get(), ccache);
    return out;
  }
  std::string path_;
};

TEST_F(CcacheTest, HasTheTicketUnderItsNameAndTheHostBasedOneAndNothingElse) {
  ASSERT_TRUE(export_ccache(issue(), path_));
  const Stored stored = read_back(path_);
  EXPECT_THAT(stored.services, testing::UnorderedElementsAre("HTTP/web.corp.test@CORP.TEST", "HTTP/web.corp.test@"));
  EXPECT_FALSE(stored.second_ticket);
  EXPECT_FALSE(stored.is_skey);
  EXPECT_EQ(stored.proxy_impersonator, "");
}

// As MIT's acceptor writes it: GSSAPI finds the evidence by the impersonator's name and runs S4U2Proxy by its TGT.
TEST_F(CcacheTest, AProxyCredentialHasTheEvidenceAndOurTgt) {
  Credential evidence = issue().credential();
  evidence.service.components = {"http", "WEB.corp.test"};  // as the user asked for it
  auto tgt = std::make_shared<Credential>(issue().credential());
  tgt->client = service_.name;
  tgt->client_realm = service_.realm;
  tgt->service = {NameType::srv_inst, {"krbtgt", "CORP.TEST"}};
  tgt->service_realm = "CORP.TEST";
  const IssuedProxyCredential credential(evidence, tgt);
  ASSERT_TRUE(export_ccache(credential, path_));
  const Stored stored = read_back(path_);
  EXPECT_EQ(stored.owner, "alice@HOME.TEST");
  EXPECT_EQ(stored.proxy_impersonator, "HTTP/web.corp.test@CORP.TEST");
  EXPECT_THAT(stored.whose,
              testing::UnorderedElementsAre("alice@HOME.TEST -> HTTP/web.corp.test@CORP.TEST",
                                            "HTTP/web.corp.test@CORP.TEST -> krbtgt/CORP.TEST@CORP.TEST"));
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  std::string owner;
  ASSERT_NO_FATAL_FAILURE(take_credentials(path_, owner));
  EXPECT_EQ(owner, "alice@HOME.TEST");
}

// KRB5CCNAME applies to the whole process: a thread gives its user's ccache to gss_acquire_cred_from.
TEST_F(CcacheTest, EachThreadMayHaveAnotherUsersTicketsInMemory) {
  const auto run_as = [&](const std::string& user, std::string& found) {
    Credential credential = issue().credential();
    credential.client.components = {user};
    const std::string ccache = "MEMORY:of-" + user;
    ASSERT_TRUE(export_ccache(IssuedTicket(credential, Trace{}), ccache));
    for (int i = 0; i < 50; ++i) {
      ASSERT_NO_FATAL_FAILURE(take_credentials(ccache, found));
      if (found != user + "@HOME.TEST") return;
    }
  };
  std::string first, second;
  std::thread other([&] { run_as("bob", second); });
  run_as("alice", first);
  other.join();
  EXPECT_EQ(first, "alice@HOME.TEST");
  EXPECT_EQ(second, "bob@HOME.TEST");
}

TEST_F(CcacheTest, AHostInCapitalsIsFoundAsLibrariesSpellIt) {
  service_.name.components[1] = "Web.Corp.TEST";
  add_key(service_, 3, service_key_);
  ASSERT_TRUE(export_ccache(issue(), "MEMORY:capitals"));
  EXPECT_THAT(read_back("MEMORY:capitals").services,
              testing::UnorderedElementsAre("HTTP/Web.Corp.TEST@CORP.TEST", "HTTP/Web.Corp.TEST@",
                                            "HTTP/web.corp.test@CORP.TEST", "HTTP/web.corp.test@"));
  ::setenv("KRB5CCNAME", "MEMORY:capitals", 1);
  std::string error;
  EXPECT_FALSE(test::initiate("HTTP@Web.Corp.TEST", error).empty()) << error;
  ::unsetenv("KRB5CCNAME");
}

TEST_F(CcacheTest, ATgtIsNotExported) {
  service_ = {{NameType::srv_inst, {"krbtgt", "CORP.TEST"}}, "CORP.TEST"};
  EXPECT_EQ(export_ccache(issue(), path_).error(), boost::system::errc::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CcacheTest, TicketsOfTwoUsersAreNotExportedTogether) {
  Credential other = issue().credential();
  other.client.components = {"bob"};
  const std::vector<TicketPtr> both = {std::make_shared<const IssuedTicket>(issue()),
                                       std::make_shared<const IssuedTicket>(other, Trace{})};
  EXPECT_EQ(export_tickets(both, path_).error(), boost::system::errc::invalid_argument);
  EXPECT_EQ(export_tickets({}, path_).error(), boost::system::errc::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CcacheTest, WhoHasTheOldFileOpenKeepsIt) {
  std::ofstream(path_) << "something else";
  struct stat before{}, after{};
  ASSERT_EQ(::stat(path_.c_str(), &before), 0);
  const std::ifstream reader(path_);
  ASSERT_TRUE(export_ccache(issue(), path_));
  ASSERT_EQ(::stat(path_.c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino);
  std::ostringstream text;
  text << reader.rdbuf();
  EXPECT_EQ(text.str(), "something else");
}

TEST_F(CcacheTest, AFileThatCannotBeReplacedLeavesNothingBehind) {
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(export_ccache(issue(), path_));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 3)
      << "krb5.conf, the keytab and the folder";
}

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
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_THAT(klist(), testing::HasSubstr("alice@HOME.TEST"));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    files += entry.path().string().find("user.ccache") != std::string::npos;
  EXPECT_EQ(files, 1) << "nothing temporary stays";
}

TEST_F(CcacheTest, TheKernelsKeyringTakesItToo) {
  const std::string name = "KEYRING:process:stead-test-" + std::to_string(::getpid());
  const auto written = export_ccache(issue(), name);
  if (!written) GTEST_SKIP() << "there is no keyring here: " << written.error().message();
  EXPECT_THAT(read_back(name).services,
              testing::UnorderedElementsAre("HTTP/web.corp.test@CORP.TEST", "HTTP/web.corp.test@"));
}

TEST_F(CcacheTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(export_ccache(issue(), (folder_ / "none" / "x").string()));
  EXPECT_FALSE(export_ccache(issue(), ""));
}

TEST_F(CcacheTest, EvidenceIsTheTicketToTheServiceNamed) {
  const IssuedTicket ticket = issue();
  ASSERT_TRUE(export_ccache(ticket, path_));
  const auto evidence = read_evidence(path_, *parse_principal("http/WEB.corp.test@CORP.TEST"));
  ASSERT_TRUE(evidence) << to_string(evidence.error());
  EXPECT_EQ(to_string(evidence->client), "alice@HOME.TEST");
  EXPECT_EQ(evidence->ticket_der, encode(ticket.credential().ticket));
  EXPECT_EQ(evidence->end_time, ticket.end_time());
  EXPECT_EQ(evidence->flags, ticket.credential().flags);
}

TEST_F(CcacheTest, MissingEvidenceSaysWhatIsThere) {
  ASSERT_TRUE(export_ccache(issue(), path_));
  const auto other = read_evidence(path_, *parse_principal("HTTP/other.corp.test@CORP.TEST"));
  ASSERT_FALSE(other);
  EXPECT_THAT(to_string(other.error()),
              testing::HasSubstr("ccache " + path_ + " has no ticket for HTTP/other.corp.test@CORP.TEST; it has "));
  EXPECT_THAT(to_string(other.error()), testing::HasSubstr("HTTP/web.corp.test@CORP.TEST"));
  const auto missing = read_evidence((folder_ / "none").string(), service_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(to_string(missing.error()), testing::HasSubstr("cannot be read"));
  std::ofstream(path_) << "no ccache";
  EXPECT_FALSE(read_evidence(path_, service_));
}

TEST_F(CcacheTest, ExpiredEvidenceIsNone) {
  ASSERT_TRUE(export_ccache(issue(std::chrono::seconds(-10)), path_));
  const auto expired = read_evidence(path_, service_);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, make_error_code(KrbErrc::KRB_AP_ERR_TKT_EXPIRED));
  EXPECT_THAT(to_string(expired.error()), testing::HasSubstr("has expired"));
}

}  // namespace
}  // namespace stead
