#include "kdc/directory/domain_guid.h"
#include "kdc/exports/client_config_export.h"
#include "kdc/exports/dns_export.h"
#include "kdc/exports/keytab_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <krb5/krb5.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kdc/forest/forest_file.h"

namespace stead::kdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string fault(const Checked<void>& done) {
  return done ? std::string() : to_string(done.error());
}

class Exports : public testing::Test {
 protected:
  Exports() {
    std::string name = testing::TempDir() + "stead-exports-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~Exports() override { std::filesystem::remove_all(folder); }

  // "name kvno enctype" of each entry, as libkrb5 reads them.
  static std::vector<std::string> entries(const std::filesystem::path& file) {
    std::vector<std::string> out;
    krb5_context context = nullptr;
    krb5_keytab keytab = nullptr;
    krb5_kt_cursor cursor = nullptr;
    krb5_keytab_entry entry{};
    EXPECT_EQ(krb5_init_context(&context), 0);
    EXPECT_EQ(krb5_kt_resolve(context, ("FILE:" + file.string()).c_str(), &keytab), 0);
    EXPECT_EQ(krb5_kt_start_seq_get(context, keytab, &cursor), 0);
    while (krb5_kt_next_entry(context, keytab, &entry, &cursor) == 0) {
      char* name = nullptr;
      EXPECT_EQ(krb5_unparse_name(context, entry.principal, &name), 0);
      out.push_back(std::string(name) + ' ' + std::to_string(entry.vno) + ' ' + std::to_string(entry.key.enctype));
      krb5_free_unparsed_name(context, name);
      krb5_free_keytab_entry_contents(context, &entry);
    }
    krb5_kt_end_seq_get(context, keytab, &cursor);
    krb5_kt_close(context, keytab);
    krb5_free_context(context);
    return out;
  }

  std::filesystem::path folder;
  Snapshot snapshot{read_forest_file(STEAD_SAMPLES "/forest.toml").forest};
};

TEST_F(Exports, AKeytabHasTheAccountsNameAndSpnsWithEveryKey) {
  const auto file = folder / "k";
  const auto expected = ElementsAre("frontend$@ROOT.FABRIKAM.COM 1 18", "frontend$@ROOT.FABRIKAM.COM 1 17",
                                    "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM 1 18",
                                    "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM 1 17");
  for (const auto* name : {"HTTP/frontend.root.fabrikam.com", "http/Frontend.root.fabrikam.com@ROOT.FABRIKAM.COM",
                           "frontend$", "frontend$@ROOT.FABRIKAM.COM", "frontend"}) {
    EXPECT_TRUE(write_keytab(snapshot, name, file));
    EXPECT_THAT(entries(file), expected);
  }
  struct stat found{};
  ASSERT_EQ(stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(Exports, AKeytabForToolsThatDecryptTickets) {
  EXPECT_TRUE(write_keytab(snapshot, "krbtgt/ROOT.FABRIKAM.COM", folder / "k"));
  EXPECT_THAT(entries(folder / "k"), testing::Contains("krbtgt/ROOT.FABRIKAM.COM@ROOT.FABRIKAM.COM 1 18"));
  EXPECT_TRUE(write_keytab(snapshot, "krbtgt/CORP.CONTOSO.COM@ROOT.FABRIKAM.COM", folder / "t"));
  EXPECT_THAT(entries(folder / "t"), testing::Contains("krbtgt/CORP.CONTOSO.COM@ROOT.FABRIKAM.COM 1 18"));
}

TEST_F(Exports, AKeytabSaysWhatItCannot) {
  EXPECT_EQ(fault(write_keytab(snapshot, "nobody", folder / "k")), "no account or SPN nobody in the forest file");
  EXPECT_EQ(fault(write_keytab(snapshot, "krbtgt", folder / "k")), "several domains have krbtgt: name it with @REALM");
  EXPECT_THAT(fault(write_keytab(snapshot, "alice", folder / "no/such/k")), HasSubstr("cannot write"));
  EXPECT_FALSE(std::filesystem::exists(folder / "k"));
}

TEST_F(Exports, ClientsFindEveryRealmWithoutDns) {
  EXPECT_TRUE(write_client_config(snapshot.forest(), folder / "new"));
  const auto conf = krb5_conf(snapshot.forest());
  EXPECT_THAT(conf, HasSubstr("default_realm = ROOT.FABRIKAM.COM\n"));
  EXPECT_THAT(conf, HasSubstr("kdc = 127.0.8.4:8088\n"));
  EXPECT_THAT(conf, HasSubstr("kpasswd_server = 127.0.8.6:8464\n"));
  EXPECT_THAT(conf, HasSubstr("forwardable = true\n"));
  EXPECT_THAT(conf, Not(HasSubstr("\n[domain_realm]")));
  std::ifstream in(folder / "new/stead.toml");
  const std::string toml((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(toml, HasSubstr("[locator.realm.\"CORP.CONTOSO.COM\"]\ncontrollers = [\n"
                              "  { name = \"dc08.corp.contoso.com\", address = \"127.0.8.4\", kerberos_port = 8088, "
                              "ldap_port = 8389 },\n"));
}

TEST_F(Exports, DnsHasTheRecordsOfAnActiveDirectory) {
  const auto dns = dnsmasq_configuration(snapshot.forest());
  for (const auto* record : {
           "host-record=dc12.corp.contoso.com,127.0.8.5\n",
           "srv-host=_kerberos._tcp.Default-First-Site-Name._sites.dc._msdcs.corp.contoso.com,dc12.corp.contoso.com,"
           "8088,0,100\n",
           "srv-host=_kerberos._tcp.dc._msdcs.corp.contoso.com,dc08.corp.contoso.com,8088,0,100\n",
           "srv-host=_kerberos._udp.corp.contoso.com,dc08.corp.contoso.com,8088,0,100\n",
           "srv-host=_kerberos._tcp.corp.contoso.com,dc08.corp.contoso.com,8088,0,100\n",
           "srv-host=_kpasswd._udp.corp.contoso.com,dc08.corp.contoso.com,8464,0,100\n",
           "srv-host=_ldap._tcp.dc._msdcs.corp.contoso.com,dc08.corp.contoso.com,8389,0,100\n",
           "srv-host=_ldap._tcp.pdc._msdcs.corp.contoso.com,dc08.corp.contoso.com,8389,0,100\n",
           "srv-host=_gc._tcp.corp.contoso.com,dc22.sales.corp.contoso.com,8389,0,100\n",
       })
    EXPECT_THAT(dns, HasSubstr(record));
  const auto& domains = snapshot.forest().domains;
  const auto sales = std::find_if(domains.begin(), domains.end(),
                                  [](const Domain& domain) { return domain.realm == "SALES.CORP.CONTOSO.COM"; });
  ASSERT_NE(sales, domains.end());
  EXPECT_THAT(dns, HasSubstr("srv-host=_ldap._tcp." + guid_text(domain_guid(*sales)) +
                             ".domains._msdcs.corp.contoso.com,dc22.sales.corp.contoso.com,8389,0,100\n"));
}

}  // namespace
}  // namespace stead::kdc
