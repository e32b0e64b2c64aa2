#include "kdc/ldap/search.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kdc/forest/forest_file.h"
#include "kdc/ldap/entries/root_dse.h"
#include "sspi_shim/base/hex.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kForest = R"(
[[domain]]
realm = "LDAP.EXAMPLE"
netbios = "LDAP"
sid = "S-1-5-21-1-2-3"
[[domain.controller]]
name = "dc1.ldap.example"
address = "127.0.0.1"
level = "2012R2"
[[domain.account]]
name = "alice"
rid = 1200
password = "secret"
upn = "Alice@ldap.example"
groups = ["staff"]
[[domain.account]]
name = "bob"
password = "secret"
flags = ["disabled", "not_delegated"]
[[domain.account]]
name = "web$"
password = "secret"
spns = ["HTTP/web.ldap.example", "HTTP/web"]
allowed_to_delegate_to = ["HTTP/db.ldap.example"]
allowed_to_act = ["alice"]
supported_encryption_types = 0x18
[[domain.group]]
name = "staff"
rid = 1300
member_of = ["everybody here"]
[[domain.group]]
name = "everybody here"
rid = 1301
scope = "universal"
[[domain]]
realm = "SUB.LDAP.EXAMPLE"
sid = "S-1-5-21-1-2-4"
forest = "ldap.example"
[[trust]]
domains = ["LDAP.EXAMPLE", "SUB.LDAP.EXAMPLE"]
kind = "parent-child"
password = "trust"
)";

// One entry of a result, as text: "attribute=value" for each value.
struct Found {
  std::string dn;
  std::set<std::string> values;
};
struct Answer {
  std::vector<Found> entries;
  int code = -1;
  Buffer cookie;
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : entries) out.insert(entry.dn.substr(0, entry.dn.find(',')));
    return out;
  }
};

Answer read_replies(Bytes replies) {
  Answer out;
  der::Reader in(replies);
  while (!in.at_end())
    in.sequence([&](der::Reader& message) {
      message.int32();
      if (message.peek() == der::application(4)) {
        message.element(der::application(4), [&](der::Reader& entry) {
          Found found{std::string(as_text(entry.octet_string())), {}};
          entry.sequence_of([&](der::Reader& list) {
            list.sequence([&](der::Reader& pair) {
              const std::string name(as_text(pair.octet_string()));
              pair.element(der::kSet, [&](der::Reader& values) {
                if (values.at_end()) found.values.insert(name);
                while (!values.at_end()) {
                  const Bytes value = values.octet_string();
                  const bool is_text =
                      std::all_of(value.begin(), value.end(), [](auto c) { return c >= ' ' && c < 127; });
                  found.values.insert(name + '=' + (is_text ? std::string(as_text(value)) : to_hex(value)));
                }
              });
            });
          });
          out.entries.push_back(std::move(found));
        });
        return;
      }
      message.element(der::application(5), [&](der::Reader& done) {
        out.code = done.enumerated();
        done.skip_rest();
      });
      if (message.at_end()) return;
      message.field(0, [&](der::Reader& controls) {
        controls.sequence([&](der::Reader& control) {
          control.octet_string();
          out.cookie = decode_paged_results(control.octet_string())->cookie;
        });
      });
    });
  EXPECT_FALSE(in.failed()) << in.error().message();
  return out;
}

Filter term(Filter::Kind kind, std::string attribute, std::string_view value, std::string rule = {}) {
  Filter out;
  out.kind = kind;
  out.attribute = std::move(attribute);
  out.value = to_buffer(as_bytes(value));
  out.rule = std::move(rule);
  return out;
}
Filter is(std::string attribute, std::string_view value) {
  return term(Filter::Kind::equality, std::move(attribute), value);
}
Filter by_rule(std::string attribute, std::string_view rule, std::string_view value) {
  return term(Filter::Kind::extensible, std::move(attribute), value, std::string(rule));
}
Filter present(std::string attribute) {
  return term(Filter::Kind::present, std::move(attribute), "");
}
Filter joined(Filter::Kind kind, std::vector<Filter> parts) {
  Filter out;
  out.kind = kind;
  out.parts = std::move(parts);
  return out;
}

class LdapSearch : public testing::Test {
 protected:
  LdapSearch() { load(std::string(kForest)); }

  void load(const std::string& toml) {
    auto file = parse_forest(toml, "forest.toml", ".");
    ASSERT_TRUE(file.errors.empty()) << file.errors.front();
    const auto snapshot = std::make_shared<const Snapshot>(std::move(file.forest));
    const DomainEntry& domain = *snapshot->domain("LDAP.EXAMPLE");
    tree = std::make_shared<const Tree>(snapshot, domain, domain.domain->controllers.front());
  }

  Answer search(Filter filter, std::vector<std::string> attributes = {"cn"},
                std::optional<PagedResults> pages = std::nullopt) {
    SearchRequest request;
    request.base = base;
    request.scope = scope;
    request.filter = std::move(filter);
    request.attributes = std::move(attributes);
    request.size_limit = size_limit;
    const auto now = std::chrono::steady_clock::now();
    SearchRun run(5, tree, std::move(request), pages, now);
    Buffer replies;
    while (!run.step(7, 1 << 20, now, replies)) ++steps;
    return read_replies(replies);
  }
  std::set<std::string> names(Filter filter) { return search(std::move(filter)).names(); }
  Found one(Filter filter, std::vector<std::string> attributes) {
    auto answer = search(std::move(filter), std::move(attributes));
    EXPECT_EQ(answer.entries.size(), 1u);
    return answer.entries.empty() ? Found{} : answer.entries.front();
  }

  std::shared_ptr<const Tree> tree;
  std::string base = "DC=ldap,DC=example";
  SearchRequest::Scope scope = SearchRequest::Scope::subtree;
  int size_limit = 0;
  int steps = 0;
};

using Names = std::set<std::string>;
using Kind = Filter::Kind;

TEST_F(LdapSearch, FindsByIndexedNamesWithoutRegardToCase) {
  EXPECT_EQ(names(is("sAMAccountName", "ALICE")), Names{"CN=alice"});
  EXPECT_EQ(names(is("samaccountname", "web$")), Names{"CN=web"});
  EXPECT_EQ(names(is("sAMAccountName", "staff")), Names{"CN=staff"});
  EXPECT_EQ(names(is("userPrincipalName", "alice@LDAP.example")), Names{"CN=alice"});
  EXPECT_EQ(names(is("servicePrincipalName", "http/WEB.ldap.example")), Names{"CN=web"});
  EXPECT_EQ(names(is("objectSid", "S-1-5-21-1-2-3-1200")), Names{"CN=alice"});
  EXPECT_EQ(names(is("distinguishedName", "cn=alice, cn=users,dc=LDAP,dc=example")), Names{"CN=alice"});
  EXPECT_EQ(names(is("sAMAccountName", "nobody")), Names{});
  EXPECT_EQ(names(is("cn", "Users")), Names{"CN=Users"});
  EXPECT_EQ(steps, 0);
}

TEST_F(LdapSearch, IndexedTermsDecideWithOthers) {
  EXPECT_EQ(names(joined(Kind::all, {is("objectClass", "user"), is("sAMAccountName", "alice")})), Names{"CN=alice"});
  EXPECT_EQ(names(joined(Kind::all, {is("objectClass", "computer"), is("sAMAccountName", "alice")})), Names{});
  EXPECT_EQ(names(joined(Kind::any, {is("sAMAccountName", "alice"), is("sAMAccountName", "web$")})),
            (Names{"CN=alice", "CN=web"}));
  EXPECT_LE(steps, 1);  // two candidates, with three terms each
}

TEST_F(LdapSearch, EvaluatesFilters) {
  EXPECT_EQ(names(is("objectClass", "computer")), (Names{"CN=web", "CN=DC1"}));
  EXPECT_EQ(names(is("objectCategory", "computer")), (Names{"CN=web", "CN=DC1"}));
  EXPECT_EQ(names(joined(Kind::all, {is("objectCategory", "person"), joined(Kind::negation, {is("cn", "krbtgt")})})),
            (Names{"CN=alice", "CN=bob"}));
  EXPECT_EQ(names(present("msDS-AllowedToDelegateTo")), Names{"CN=web"});
  Filter substrings;
  substrings.kind = Kind::substrings;
  substrings.attribute = "sAMAccountName";
  substrings.initial = Buffer{'A', 'L'};
  substrings.middle = {Buffer{'i'}};
  substrings.final = Buffer{'e'};
  EXPECT_EQ(names(substrings), Names{"CN=alice"});
  substrings.middle.push_back(Buffer{'c', 'e'});  // the parts may not overlap
  EXPECT_EQ(names(substrings), Names{});
  EXPECT_EQ(
      names(joined(Kind::all, {is("objectCategory", "person"), term(Kind::greater_or_equal, "primaryGroupID", "513")})),
      (Names{"CN=alice", "CN=bob", "CN=krbtgt"}));
  EXPECT_EQ(names(term(Kind::less_or_equal, "msDS-SupportedEncryptionTypes", "24")), Names{"CN=web"});
}

// The larger the filter, the fewer entries between two of a core's other requests.
TEST_F(LdapSearch, StepsAreShorterForLargerFilters) {
  const auto found = names(joined(Kind::any, std::vector<Filter>(7, is("objectClass", "computer"))));
  EXPECT_EQ(found, (Names{"CN=web", "CN=DC1"}));
  EXPECT_EQ(steps, int(tree->size()));
}

TEST_F(LdapSearch, UndefinedTermsMatchNeitherWay) {
  const auto unknown_rule = by_rule("cn", "1.2.3", "x");
  EXPECT_EQ(names(unknown_rule), Names{});
  EXPECT_EQ(names(joined(Kind::negation, {unknown_rule})), Names{});
}

TEST_F(LdapSearch, EvaluatesBitRules) {
  EXPECT_EQ(names(by_rule("userAccountControl", matching_rule::bit_and, "2")), Names{"CN=bob"});
  EXPECT_EQ(names(by_rule("userAccountControl", matching_rule::bit_and, "1048578")), Names{"CN=bob"});
  EXPECT_EQ(names(by_rule("userAccountControl", matching_rule::bit_or, "4098")), (Names{"CN=bob", "CN=web"}));
  EXPECT_EQ(names(by_rule("groupType", matching_rule::bit_and, "2147483656")),
            (Names{"CN=everybody here", "CN=Enterprise Admins", "CN=Schema Admins"}));
}

TEST_F(LdapSearch, FollowsChainsOfGroups) {
  const std::string all = "CN=everybody here,CN=Users,DC=ldap,DC=example",
                    alice = "CN=alice,CN=Users,DC=ldap,DC=example";
  EXPECT_EQ(names(is("memberOf", all)), Names{"CN=staff"});
  EXPECT_EQ(names(by_rule("memberOf", matching_rule::in_chain, all)), (Names{"CN=staff", "CN=alice"}));
  EXPECT_EQ(names(is("member", alice)), Names{"CN=staff"});
  EXPECT_EQ(names(by_rule("member", matching_rule::in_chain, alice)), (Names{"CN=staff", "CN=everybody here"}));
  EXPECT_EQ(names(by_rule("member", matching_rule::in_chain, "CN=nobody,CN=Users,DC=ldap,DC=example")), Names{});
}

TEST_F(LdapSearch, GivesTheAttributesOfAccounts) {
  const auto web = one(is("sAMAccountName", "web$"), {"*", "msDS-KeyVersionNumber", "canonicalName"}).values;
  for (const char* value :
       {"objectClass=computer", "objectClass=user", "cn=web", "sAMAccountName=web$", "sAMAccountType=805306369",
        "userAccountControl=4096", "primaryGroupID=515", "servicePrincipalName=HTTP/web",
        "msDS-SupportedEncryptionTypes=24", "msDS-AllowedToDelegateTo=HTTP/db.ldap.example", "msDS-KeyVersionNumber=1",
        "canonicalName=ldap.example/Computers/web", "distinguishedName=CN=web,CN=Computers,DC=ldap,DC=example"})
    EXPECT_TRUE(web.contains(value)) << value;
  EXPECT_TRUE(std::any_of(web.begin(), web.end(), [](const std::string& value) {
    return value.starts_with("msDS-AllowedToActOnBehalfOfOtherIdentity=0100");
  }));
  const auto alice = one(is("sAMAccountName", "alice"), {"objectSid", "memberOf", "userAccountControl"}).values;
  EXPECT_EQ(alice, (Names{"objectSid=010500000000000515000000010000000200000003000000b0040000",
                          "userAccountControl=512", "memberOf=CN=staff,CN=Users,DC=ldap,DC=example"}));
  EXPECT_TRUE(one(is("sAMAccountName", "bob"), {"userAccountControl"}).values.contains("userAccountControl=1049090"));
}

TEST_F(LdapSearch, ConstructedAttributesAreForWhoNamesThem) {
  const auto all = one(is("sAMAccountName", "alice"), {}).values;
  for (const auto& value : all) EXPECT_FALSE(value.starts_with("tokenGroups") || value.starts_with("canonicalName"));
  EXPECT_TRUE(one(is("sAMAccountName", "alice"), {"tokenGroups"}).values.empty());  // not by a subtree search
  base = "CN=alice,CN=Users,DC=ldap,DC=example";
  scope = SearchRequest::Scope::base;
  const auto token = one(present("objectClass"), {"tokenGroups"}).values;
  EXPECT_EQ(token.size(), 3u);  // Domain Users, staff, everybody here
  EXPECT_TRUE(
      token.contains("tokenGroups=010500000000000515000000010000000200000003000000"
                     "01020000"));
}

TEST_F(LdapSearch, SelectsAttributes) {
  EXPECT_TRUE(one(is("sAMAccountName", "alice"), {"1.1"}).values.empty());
  EXPECT_EQ(one(is("sAMAccountName", "alice"), {"SAMACCOUNTNAME", "nothing"}).values, Names{"sAMAccountName=alice"});
}

TEST_F(LdapSearch, TheDomainsHeadHasItsPolicy) {
  std::string toml(kForest);
  toml.insert(toml.find("[[domain.controller]]"), "lockout_threshold = 5\n");
  load(toml);
  scope = SearchRequest::Scope::base;
  const auto head = one(present("objectClass"), {"lockoutThreshold", "maxPwdAge", "lockoutDuration"}).values;
  EXPECT_EQ(head, (Names{"lockoutThreshold=5", "maxPwdAge=-9223372036854775808", "lockoutDuration=-18000000000"}));
}

TEST_F(LdapSearch, KeepsToTheScope) {
  scope = SearchRequest::Scope::one_level;
  EXPECT_TRUE(names(present("objectClass")).contains("CN=Users"));
  EXPECT_FALSE(names(present("objectClass")).contains("CN=alice"));
  base = "CN=Users,DC=ldap,DC=example";
  EXPECT_TRUE(names(present("objectClass")).contains("CN=alice"));
  EXPECT_EQ(names(is("sAMAccountName", "web$")), Names{});
  scope = SearchRequest::Scope::base;
  EXPECT_EQ(names(present("objectClass")), Names{"CN=Users"});
}

TEST_F(LdapSearch, FindsObjectsBySidAndGuid) {
  scope = SearchRequest::Scope::base;
  base = "<SID=S-1-5-21-1-2-3-1200>";
  const auto alice = one(present("objectClass"), {"objectGUID"});
  EXPECT_EQ(alice.dn, "CN=alice,CN=Users,DC=ldap,DC=example");
  base = "<GUID=" + alice.values.begin()->substr(11) + ">";
  EXPECT_EQ(names(present("objectClass")), Names{"CN=alice"});
}

TEST_F(LdapSearch, RefersToOtherDomainsAndNamesWhatIsMissing) {
  base = "CN=Users,DC=sub,DC=ldap,DC=example";
  EXPECT_EQ(search(present("objectClass")).code, int(LdapCode::referral));
  base = "CN=nobody,CN=Users,DC=ldap,DC=example";
  EXPECT_EQ(search(present("objectClass")).code, int(LdapCode::no_such_object));
  base = "this is no name";
  EXPECT_EQ(search(present("objectClass")).code, int(LdapCode::invalid_dn_syntax));
}

TEST_F(LdapSearch, HasTrustsPartitionsAndServers) {
  const auto trust = one(is("objectClass", "trustedDomain"), {"trustPartner", "trustDirection", "trustAttributes"});
  EXPECT_EQ(trust.dn, "CN=sub.ldap.example,CN=System,DC=ldap,DC=example");
  EXPECT_EQ(trust.values, (Names{"trustPartner=sub.ldap.example", "trustDirection=3", "trustAttributes=32"}));
  base = "CN=Partitions,CN=Configuration,DC=ldap,DC=example";
  EXPECT_EQ(names(present("nETBIOSName")), (Names{"CN=LDAP", "CN=SUB"}));
  base = "CN=Configuration,DC=ldap,DC=example";
  const auto server = one(is("objectClass", "server"), {"dNSHostName"});
  EXPECT_EQ(server.dn, "CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=ldap,DC=example");
  EXPECT_EQ(server.values, Names{"dNSHostName=dc1.ldap.example"});
}

TEST_F(LdapSearch, LimitsTheSizeOfAResult) {
  size_limit = 2;
  const auto limited = search(is("objectClass", "user"));
  EXPECT_EQ(limited.entries.size(), 2u);
  EXPECT_EQ(limited.code, int(LdapCode::size_limit_exceeded));
  size_limit = 5;  // as many as there are
  EXPECT_EQ(search(is("objectClass", "user")).code, 0);
}

TEST_F(LdapSearch, GivesLargeResultsByPages) {
  std::string toml(kForest);
  std::string accounts;
  for (int i = 0; i < 2500; ++i)
    accounts += "[[domain.account]]\nname = \"u" + std::to_string(i) + "\"\npassword = \"x\"\ngroups = [\"staff\"]\n";
  toml.insert(toml.find("[[domain.group]]"), accounts);
  load(toml);
  EXPECT_EQ(search(is("objectClass", "user")).code, int(LdapCode::size_limit_exceeded));
  std::set<std::string> seen;
  PagedResults page{400, {}};
  int pages = 0;
  do {
    const auto answer = search(is("objectClass", "user"), {"cn"}, page);
    EXPECT_EQ(answer.code, 0);
    EXPECT_LE(answer.entries.size(), 400u);
    for (const auto& entry : answer.entries) EXPECT_TRUE(seen.insert(entry.dn).second) << entry.dn;
    page.cookie = answer.cookie;
    ++pages;
  } while (!page.cookie.empty());
  EXPECT_EQ(seen.size(), 2505u);
  EXPECT_EQ(pages, 7);
  EXPECT_EQ(search(is("objectClass", "user"), {"cn"}, PagedResults{10, Buffer{1}}).code,
            int(LdapCode::unwilling_to_perform));
  EXPECT_EQ(search(is("objectClass", "user"), {"cn"}, PagedResults{10, Buffer(12, 0xff)}).entries.size(), 0u);

  const auto first = one(is("sAMAccountName", "staff"), {"member"}).values;
  EXPECT_EQ(first.size(), kMaxValueRange);
  EXPECT_TRUE(first.begin()->starts_with("member;range=0-1499=")) << *first.begin();
  const auto rest = one(is("sAMAccountName", "staff"), {"member;range=1500-*"}).values;
  EXPECT_EQ(rest.size(), 1001u);
  EXPECT_TRUE(rest.begin()->starts_with("member;range=1500-*=")) << *rest.begin();
}

TEST_F(LdapSearch, RootDseSaysTheLevels) {
  std::set<std::string> values;
  for (const auto& attribute : root_dse(*tree, std::chrono::sys_seconds{}, false))
    for (const auto& value : attribute.values) values.insert(attribute.name + '=' + std::string(as_text(value)));
  for (const char* value :
       {"defaultNamingContext=DC=ldap,DC=example", "configurationNamingContext=CN=Configuration,DC=ldap,DC=example",
        "domainControllerFunctionality=6", "supportedSASLMechanisms=GSS-SPNEGO", "dnsHostName=dc1.ldap.example",
        "currentTime=19700101000000.0Z", "ldapServiceName=ldap.example:DC1$@LDAP.EXAMPLE"})
    EXPECT_TRUE(values.contains(value)) << value;
  EXPECT_FALSE(values.contains("supportedExtension=1.3.6.1.4.1.1466.20037"));
}

}  // namespace
}  // namespace stead::kdc
