#include "proxy/tls/certificate_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <string>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

TEST(CertificateNames, MatchAsRfc9525Says) {
  const CertificateNames names(
      Names{"www.Example.com", "*.apps.example.com", "w*.example.com", "*", "*.", "a.*.example"});
  EXPECT_TRUE(names.has("www.example.com"));
  EXPECT_TRUE(names.has("x.apps.example.com"));
  for (const char* host : {"example.com", "apps.example.com", "x.y.apps.example.com", ".apps.example.com",
                           "web.example.com", "a.b.example", "", "com", "*", "www.example.com.evil.test"})
    EXPECT_FALSE(names.has(host)) << host;
}

TEST(CertificateNames, HaveNoOctetsThatEndAString) {
  const CertificateNames names(Names{std::string("bank.example\0.evil.test", 23)});
  EXPECT_TRUE(names.empty());
  EXPECT_FALSE(names.has("bank.example"));
}

class Index {
 public:
  Index(std::initializer_list<std::pair<Names, int>> certificates) {
    std::vector<CertificateIndex::Entry> entries;
    for (const auto& [names, key_type] : certificates)
      entries.push_back({.names = names_.emplace_back(names), .key_type = key_type});
    index_ = std::make_unique<CertificateIndex>(entries);
  }
  [[nodiscard]] CertificateIndex::Set find(std::string_view name) const { return index_->sets()[index_->find(name)]; }
  [[nodiscard]] std::size_t sets() const { return index_->sets().size(); }

 private:
  std::list<CertificateNames> names_;
  std::unique_ptr<CertificateIndex> index_;
};

constexpr int kRsa = 1, kEc = 2;

TEST(CertificateIndex, AnExactNameGoesBeforeAWildcard) {
  const Index index{{{"*.example.com"}, kEc}, {{"www.example.com"}, kEc}};
  EXPECT_THAT(index.find("www.example.com"), ElementsAre(1));
  EXPECT_THAT(index.find("mail.example.com"), ElementsAre(0));
}

TEST(CertificateIndex, TheFirstIsForEverythingElse) {
  const Index index{{{"a.test"}, kEc}, {{"b.test", "*.b.test"}, kEc}};
  for (const char* name : {"", "c.test", "x.y.b.test", "test", "."})
    EXPECT_THAT(index.find(name), ElementsAre(0)) << name;
  EXPECT_THAT(index.find("x.b.test"), ElementsAre(1));
}

TEST(CertificateIndex, OfOneTypeOfKeyTheFirstInTheFileCounts) {
  const Index index{{{"a.test"}, kEc}, {{"b.test"}, kEc}, {{"b.test"}, kEc}};
  EXPECT_THAT(index.find("b.test"), ElementsAre(1));
}

TEST(CertificateIndex, RsaStandsBesideEcdsa) {
  const Index index{{{"a.test"}, kRsa}, {{"a.test", "b.test"}, kEc}, {{"*.test"}, kRsa}};
  EXPECT_THAT(index.find("a.test"), ElementsAre(0, 1));
  EXPECT_THAT(index.find("b.test"), ElementsAre(1, 2));
  EXPECT_THAT(index.find("c.test"), ElementsAre(2));
  EXPECT_THAT(index.find(""), ElementsAre(0, 1)) << "the default has both too";
  EXPECT_EQ(index.sets(), 3U);
}

TEST(CertificateIndex, ACertificateWithoutNamesIsTheDefaultAlone) {
  const Index index{{{}, kRsa}, {{"a.test"}, kEc}};
  EXPECT_THAT(index.find(""), ElementsAre(0));
  EXPECT_THAT(index.find("a.test"), ElementsAre(1));
}

}  // namespace
}  // namespace stead::proxy
