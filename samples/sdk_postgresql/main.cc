// sdk_postgresql: an app server whose users reach PostgreSQL as themselves. A browser signs in by Negotiate. The server
// gets a ticket to the database in the user's name (S4U2Proxy, with the user's own ticket as evidence) and queries with
// it. The server has no database password, and the database's own rules decide what each user sees.
// samples/sdk_postgresql/run starts it with a forest and a database.
#include <getopt.h>

#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "stead/client_config.h"
#include "web_server.h"

namespace {
namespace asio = boost::asio;

constexpr const char* kUsage =
    "usage: sdk_postgresql --listen ADDRESS:PORT --spn SPN --database CONNINFO [--config FILE] [--keytab FILE] "
    "[--principal SPN] [--threads N]\n"
    "\n"
    "  --listen     where to listen, plain HTTP, e.g. 127.0.0.1:8080\n"
    "  --spn        the database's, e.g. postgres/db.corp.contoso.com\n"
    "  --database   as libpq takes it, without host and user: \"hostaddr=127.0.0.1 port=5432 dbname=shop\"\n"
    "  --config     a file with [locator] and [identity], as `stead --config` takes; default: DNS, and krb5.conf\n"
    "  --keytab     our keys; --principal: who we are, e.g. HTTP/app.root.fabrikam.com@ROOT.FABRIKAM.COM\n"
    "  --threads    event loops; default 2\n"
    "\n"
    "Prints \"ready\" once it listens. One line a request on standard error. Ends on SIGTERM.\n";

struct Arguments {
  std::string listen, config, keytab, principal, threads = "2";
  sample::DatabaseOptions database;
};

int complain(int status, const std::string& text) {
  std::fprintf(stderr, "sdk_postgresql: %s\n", text.c_str());
  return status;
}

bool parse(int count, char** words, Arguments& out) {
  const std::pair<const char*, std::string*> flags[] = {
      {"listen", &out.listen},  {"spn", &out.database.spn}, {"database", &out.database.connection},
      {"config", &out.config},  {"keytab", &out.keytab},    {"principal", &out.principal},
      {"threads", &out.threads}};
  std::vector<option> options;
  for (const auto& [name, target] : flags) options.push_back({name, required_argument, nullptr, 0});
  options.push_back({});
  int index = 0;
  for (int found = 0; (found = getopt_long(count, words, "", options.data(), &index)) != -1;) {
    if (found != 0) return false;
    *flags[index].second = optarg;
  }
  return optind == count && !out.listen.empty() && out.database.spn.find('/') != std::string::npos &&
         !out.database.connection.empty();
}

bool parse_number(std::string_view text, unsigned limit, unsigned& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 1 && out <= limit;
}

// Each thread has a listening socket; the kernel distributes connections among them (SO_REUSEPORT).
asio::ip::tcp::acceptor listen(asio::io_context& io, const std::string& text, std::string& message) {
  asio::ip::tcp::acceptor acceptor(io);
  boost::system::error_code error;
  const auto colon = text.rfind(':');
  unsigned port = 0;
  const auto address = asio::ip::make_address(text.substr(0, colon), error);
  if (colon == std::string::npos || error || !parse_number(std::string_view(text).substr(colon + 1), 65535, port)) {
    message = "\"" + text + "\" is not ADDRESS:PORT";
    return acceptor;
  }
  const asio::ip::tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) message = "cannot listen at " + text + ": " + error.message();
  return acceptor;
}

// A thread with its event loop. The coroutines on it own its client, with the client's cache, and its database
// connections.
struct Core {
  asio::io_context io{1};
  asio::signal_set signals{io, SIGTERM, SIGINT};
  std::thread thread;
};

int run(const Arguments& arguments) {
  std::string message;
  unsigned threads = 0;
  if (!parse_number(arguments.threads, 64, threads)) return complain(2, "--threads is 1 to 64");
  stead::ClientOptions options;
  if (!arguments.config.empty()) {
    auto read = stead::read_client_config(arguments.config, stead::OtherTables::allowed, message);
    if (!read) return complain(2, message);
    options = std::move(*read);
  }
  if (!arguments.keytab.empty()) options.keytab = arguments.keytab;
  if (!arguments.principal.empty()) options.principal = arguments.principal;
  if (options.principal.empty())
    return complain(2, "who are we? Give --principal, or principal under [identity] of --config");
  stead::fill_from_krb5_conf(options);
  const auto acceptor =
      stead::KerberosAcceptor::open({.keytab = options.keytab, .principal = options.principal}, message);
  if (!acceptor) return complain(2, message);

  asio::thread_pool pool(threads);
  std::vector<std::unique_ptr<Core>> cores;
  for (unsigned i = 0; i < threads; ++i) {
    Core& core = *cores.emplace_back(std::make_unique<Core>());
    const auto client = stead::Client::open(core.io.get_executor(), options, message);
    if (!client) return complain(2, message);
    auto listening = listen(core.io, arguments.listen, message);
    if (!message.empty()) return complain(1, message);
    sample::serve(std::move(listening),
                  {acceptor, *client, std::make_shared<sample::UserDatabase>(*client, arguments.database), &pool});
    core.signals.async_wait([&core](const boost::system::error_code&, int) { core.io.stop(); });
  }
  std::puts("ready");
  std::fflush(stdout);
  for (auto& core : cores) core->thread = std::thread([&io = core->io] { io.run(); });
  for (auto& core : cores) core->thread.join();
  pool.join();
  return 0;
}

}  // namespace

int main(int count, char** words) try {
  if (count == 2 && std::strcmp(words[1], "--help") == 0) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  return run(arguments);
} catch (const std::exception& error) {
  return complain(1, error.what());
}
