// The system's nameservers, from a resolv.conf that changes while a process runs.
#include "sspi_shim/locate/dns/dns_resolver.h"

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/locate/fake_dc.h"

namespace stead {
namespace {

class ResolvConf : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "stead-resolv-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    file_ = (folder_ / "resolv.conf").string();
    old_.a["dc.test"] = "10.0.0.1";
    new_.a["dc.test"] = "10.0.0.2";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& nameserver) {
    std::ofstream(file_ + ".new") << "nameserver " << nameserver << "\n";
    std::filesystem::rename(file_ + ".new", file_);
  }
  Result<std::shared_ptr<DnsResolver>> open() {
    return make_dns_resolver(io_.get_executor(), {}, std::chrono::milliseconds(500), {file_, old_.port()});
  }
  static boost::asio::awaitable<std::string> ask(std::shared_ptr<DnsResolver> resolver) {
    const auto query = resolver->ask_addresses("dc.test");
    const auto found = co_await resolver->addresses(query);
    co_return found && !found->empty() ? found->front() : found ? "none" : found.error().message();
  }
  boost::asio::io_context io_;
  test::FakeDns old_{io_}, new_{io_, {boost::asio::ip::make_address("127.0.0.2"), old_.port()}};
  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(ResolvConf, IsFollowed) {
  write("127.0.0.1");
  const auto made = open();
  ASSERT_TRUE(made);
  EXPECT_EQ(test::run(io_, ask(*made)), "10.0.0.1");
  write("127.0.0.2");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(test::run(io_, ask(*made)), "10.0.0.2");
}

TEST_F(ResolvConf, ThatIsGoneLeavesTheNameserversThatItHad) {
  write("127.0.0.1");
  const auto made = open();
  ASSERT_TRUE(made);
  std::filesystem::remove(file_);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(test::run(io_, ask(*made)), "10.0.0.1");
  write("127.0.0.2");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(test::run(io_, ask(*made)), "10.0.0.2");
}

TEST_F(ResolvConf, ThatChangesDoesNotEndTheQueriesUnderWay) {
  write("127.0.0.1");
  old_.silent = true;
  const auto made = open();
  ASSERT_TRUE(made);
  const auto waiting = (*made)->ask_addresses("dc.test");
  write("127.0.0.2");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  old_.silent = false;  // it answers when the query is sent once more
  EXPECT_EQ(test::run(io_, ask(*made)), "10.0.0.2");
  const auto found = test::run(io_, (*made)->addresses(waiting));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->front(), "10.0.0.1");
}

}  // namespace
}  // namespace stead
