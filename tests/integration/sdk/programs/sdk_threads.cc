// One Client on an executor that several threads run: many calls at once. sdk_threads_test.py runs it.
//   sdk_threads stead.toml KEYTAB PRINCIPAL
// Prints how many tickets it got.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "stead/client_config.h"
#include "stead/s4u.h"

namespace {

std::atomic<int> granted{0};

boost::asio::awaitable<void> ask(std::shared_ptr<stead::Client> client, std::string user, std::string spn) {
  stead::Outcome<stead::Identity> identity = co_await client->user(user);
  if (!identity) {
    std::puts(identity.error().text.c_str());
    co_return;
  }
  stead::Outcome<stead::TicketPtr> ticket = co_await client->ticket_for(*identity, spn);
  if (!ticket) std::puts(ticket.error().text.c_str());
  if (ticket) ++granted;
  if (user == "alice") client->forget_user(identity->principal());  // so that the next one asks a KDC
}

boost::asio::awaitable<void> sign_in(std::shared_ptr<stead::Client> client) {
  stead::Outcome<stead::Identity> identity = co_await client->user_by_password("bob", "Passw0rd!");
  if (identity) ++granted;
  if (!identity) std::puts(identity.error().text.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::string what;
  auto options = stead::read_client_config(argv[1], stead::OtherTables::allowed, what);
  if (!options) {
    std::puts(what.c_str());
    return 1;
  }
  options->keytab = argv[2];
  options->principal = argv[3];
  boost::asio::thread_pool threads(8);
  const auto client = stead::Client::open(threads.get_executor(), *options, what);
  if (!client) {
    std::puts(what.c_str());
    return 1;
  }
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    for (const char* user : {"alice", "bob"}) {
      for (const char* spn : {"HTTP/backend.corp.contoso.com", "HTTP/reports.root.fabrikam.com"})
        boost::asio::co_spawn(threads, ask(*client, user, spn), boost::asio::detached);
    }
    if (round % 10 == 0) boost::asio::co_spawn(threads, sign_in(*client), boost::asio::detached);
  }
  threads.join();
  std::printf("%d of %d\n", granted.load(), kRounds * 4 + kRounds / 10);
  return 0;
}
