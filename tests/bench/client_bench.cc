// Our client against a KDC, and its cache alone. Prints "name value..." lines for tests/bench/client.py and cache.py.
//
//   client_bench cache ENTRIES THREADS               hits of ENTRIES tickets, THREADS threads at once
//   client_bench s4u CONFIG KEYTAB PRINCIPAL SPN USER COUNT self|evidence TOGETHER
//                                                    COUNT users (USER1, USER2...), TOGETHER of them at a time: a
//                                                    ticket to SPN for each
//   client_bench load CONFIG KEYTAB PRINCIPAL SPN USER COUNT SECONDS
//                                                    as fast as 64 together go, for SECONDS; latencies by the second
#include <sys/resource.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <ratio>
#include <string>
#include <utility>
#include <vector>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "stead/client_config.h"
#include "tests/client/one_realm.h"

namespace stead {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double at(std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "client_bench: %s\n", what.c_str());
  std::exit(1);
}

// ---- cache

int bench_cache(int entries, int threads) {
  asio::io_context io(1);
  const Key key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  const auto realm = std::make_shared<OneRealm>(key);
  ClientOptions options;
  options.principal = "HTTP/front.a@A";
  options.cache_entries = static_cast<std::size_t>(entries) * 11 / 10;  // the shards fill unevenly
  options.cache_bytes = std::size_t{2} << 30;
  const auto client = std::make_shared<S4uClient>(io.get_executor(), options, *parse_principal(options.principal),
                                                  std::vector<Key>{key}, realm, realm);
  constexpr int kServices = 10;
  std::vector<Identity> users;
  for (int i = 0; i < entries / kServices; ++i)
    users.push_back(*client->from_ticket(encode(realm->evidence_of("user" + std::to_string(i)))));
  int got = 0;
  for (int service = 0; service < kServices; ++service) {
    for (const Identity& user : users) {
      asio::co_spawn(io, client->ticket_for(user, "HTTP/back" + std::to_string(service) + ".a"),
                     [&](std::exception_ptr, const Outcome<TicketPtr>& ticket) { got += ticket ? 1 : 0; });
    }
    io.restart();
    io.run();
  }
  if (got != entries) fail("only " + std::to_string(got) + " tickets");
  std::printf("entries %d\n", got);

  const auto before = client->statistics();
  std::vector<std::vector<double>> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      auto& mine = times[static_cast<std::size_t>(t)];
      mine.reserve(40000);
      asio::io_context own(1);
      auto hits = [](S4uClient& from, const std::vector<Identity>& of, std::vector<double>& took,
                     unsigned seed) -> asio::awaitable<void> {
        for (int i = 0; i < 40000; ++i) {
          seed = seed * 1664525U + 1013904223U;
          const Identity& user = of[(seed >> 8) % of.size()];
          const std::string spn = "HTTP/back" + std::to_string((seed >> 4) % kServices) + ".a";
          const auto begun = Clock::now();
          Outcome<TicketPtr> ticket = co_await from.ticket_for(user, spn);
          took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
          if (!ticket) fail("a miss");
        }
      };
      asio::co_spawn(own, hits(*client, users, mine, static_cast<unsigned>(t) * 77777U), asio::detached);
      own.run();
    });
  }
  const auto begun = Clock::now();
  const double cpu = cpu_seconds();
  for (auto& thread : running) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - begun).count(), used = cpu_seconds() - cpu;
  std::vector<double> all;
  for (auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  const auto misses = client->statistics().cache_misses - before.cache_misses;
  std::printf("hits %zu\nmisses %llu\np50_us %.2f\np99_us %.2f\ncpu_us %.2f\nhits_per_second %.0f\n", all.size(),
              static_cast<unsigned long long>(misses), at(all, 0.5), at(all, 0.99),
              used * 1e6 / static_cast<double>(all.size()), static_cast<double>(all.size()) / wall);
  return 0;
}

// ---- against a KDC

struct Run {
  std::shared_ptr<Client> client;
  std::string user, spn;
  int count = 0;
};

Run open(asio::io_context& io, char** argv) {
  std::string message;
  auto options = read_client_config(argv[0], OtherTables::allowed, message);
  if (!options) fail(message);
  options->keytab = argv[1];
  options->principal = argv[2];
  auto client = Client::open(io.get_executor(), *options, message);
  if (!client) fail(message);
  return {*client, argv[4], argv[3], std::atoi(argv[5])};
}

std::uint64_t exchanges(const Client& client) {
  const auto numbers = client.statistics();
  return numbers.as_exchanges + numbers.tgs_exchanges + numbers.s4u2self_exchanges + numbers.s4u2proxy_exchanges;
}

// A ticket and a token for each user, timed.
struct Measured {
  Run run;
  bool evidence = false;
  std::vector<Identity> users;  // their evidence, had before; empty: it is part of what is measured
  std::vector<double> took;     // ms
  int next = 1;

  // A bare name is of our realm, as the other bench's is of the realm it names: nobody is asked where he lives.
  [[nodiscard]] std::string name(int i) const { return run.user.substr(0, run.user.find('@')) + std::to_string(i); }
};

asio::awaitable<void> prepare(Measured& measured) {
  Client& client = *measured.run.client;
  Outcome<TicketPtr> first =
      co_await client.ticket_for_user(measured.name(0), measured.run.spn);  // our TGT, and the way to the target
  if (!first) fail(first.error().text);
  for (int i = 1; measured.evidence && i <= measured.run.count; ++i) {
    Outcome<Identity> user = co_await client.user(measured.name(i));
    if (!user) fail(user.error().text);
    // As if the user had brought it: his ticket to us, opened with our key.
    const Buffer ticket = encode(*user->state().evidence);
    Result<Identity> brought = client.from_ticket(ticket);
    if (!brought) fail("the evidence does not open");
    measured.users.push_back(*brought);
  }
}

asio::awaitable<void> take_turns(Measured& measured) {
  Client& client = *measured.run.client;
  while (measured.next <= measured.run.count) {
    const int i = measured.next++;
    const auto start = Clock::now();
    Outcome<TicketPtr> ticket = Failure{};
    if (measured.evidence) {
      ticket = co_await client.ticket_for(measured.users[static_cast<std::size_t>(i - 1)], measured.run.spn);
    } else {
      ticket = co_await client.ticket_for_user(measured.name(i), measured.run.spn);
    }
    if (!ticket) fail(ticket.error().text);
    const Result<NegotiateToken> token = make_negotiate_token(**ticket);  // as gss_init_sec_context does
    if (!token) fail("no token");
    measured.took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
}

void bench_s4u(asio::io_context& io, Run run, bool evidence, int together) {
  Measured measured{std::move(run), evidence, {}, {}};
  asio::co_spawn(io, prepare(measured), asio::detached);
  io.run();
  io.restart();
  const auto asked = exchanges(*measured.run.client);
  const double cpu = cpu_seconds();
  const auto begun = Clock::now();
  for (int i = 0; i < together; ++i) asio::co_spawn(io, take_turns(measured), asio::detached);
  io.run();
  const double wall = std::chrono::duration<double>(Clock::now() - begun).count(), used = cpu_seconds() - cpu;
  const int count = measured.run.count;
  std::vector<double>& took = measured.took;
  std::sort(took.begin(), took.end());
  std::printf("users %d\ncpu_ms %.4f\np50_ms %.3f\np99_ms %.3f\nexchanges %.2f\nper_second %.0f\n", count,
              used * 1e3 / count, at(took, 0.5), at(took, 0.99),
              static_cast<double>(exchanges(*measured.run.client) - asked) / count, count / wall);
}

struct Load {
  Run run;
  std::vector<std::pair<double, double>> done;  // when, and how long, in seconds
  int next = 1, failed = 0;
  Clock::time_point begun, until;
};

asio::awaitable<void> keep_asking(Load& load) {
  const auto where = load.run.user.find('@');
  while (Clock::now() < load.until) {
    const int i = load.next++ % load.run.count + 1;
    const std::string name = load.run.user.substr(0, where) + std::to_string(i);
    load.run.client->forget_user(name + load.run.user.substr(where));
    const auto start = Clock::now();
    Outcome<TicketPtr> ticket = co_await load.run.client->ticket_for_user(name, load.run.spn);
    const auto end = Clock::now();
    if (!ticket) ++load.failed;
    load.done.emplace_back(std::chrono::duration<double>(end - load.begun).count(),
                           std::chrono::duration<double>(end - start).count());
  }
}

}  // namespace
}  // namespace stead

int main(int argc, char** argv) {
  using namespace stead;
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "cache" && argc == 4) return bench_cache(std::atoi(argv[2]), std::atoi(argv[3]));
  asio::io_context io(1);
  if (what == "s4u" && argc == 10) {
    bench_s4u(io, open(io, argv + 2), std::string(argv[8]) == "evidence", std::atoi(argv[9]));
    return 0;
  }
  if (what == "load" && argc == 9) {
    Load load;
    load.run = open(io, argv + 2);
    load.begun = Clock::now();
    load.until = load.begun + std::chrono::seconds(std::atoi(argv[8]));
    for (int i = 0; i < 64; ++i) asio::co_spawn(io, keep_asking(load), asio::detached);
    io.run();
    for (int second = 0; second < std::atoi(argv[8]); ++second) {
      std::vector<double> took;
      for (const auto& [when, how_long] : load.done) {
        if (static_cast<int>(when) == second) took.push_back(how_long * 1e3);
      }
      std::sort(took.begin(), took.end());
      std::printf("second %d tickets %zu p50_ms %.1f p99_ms %.1f max_ms %.1f\n", second, took.size(), at(took, 0.5),
                  at(took, 0.99), took.empty() ? 0 : took.back());
    }
    std::printf("failed %d\n", load.failed);
    return 0;
  }
  std::fprintf(stderr, "usage: see the head of tests/bench/client_bench.cc\n");
  return 2;
}
