// stead-backend --listen ADDRESS:PORT --keytab FILE [--principal SPN] [--access SDDL] [--json]
//
// A back end to try delegation with: it accepts Kerberos only, and answers callers with their name, how they signed in,
// and through which services they came. Prints `ready` on standard output once it listens, and a line for each request
// on standard error.
#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "samples/backend/http_server.h"

namespace {

int complain(int status, const std::string& text) {
  std::fprintf(stderr, "stead-backend: %s\n", text.c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace stead::sample;
  CLI::App app("A back end that accepts Kerberos only and answers callers with what their ticket says of them.",
               "stead-backend");
  std::vector<std::string> addresses;
  Acceptor::Options options;
  std::string access;
  Service service;
  app.add_option("--listen", addresses, "where to listen, plain HTTP")->required()->type_name("ADDRESS:PORT");
  app.add_option("--keytab", options.keytab, "the keys of the services that it is")->required()->type_name("FILE");
  app.add_option("--principal", options.principal, "take tickets for this service only")->type_name("SPN");
  app.add_option("--access", access, "who may read (GR) and change (GW), e.g. 'D:(A;;GA;;;S-1-18-1)'; others get 403")
      ->type_name("SDDL");
  app.add_flag("--json", service.json_only, "answer with JSON those who ask for text/plain too");
  app.set_version_flag("--version", "stead-backend " STEAD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  std::string message;
  service.acceptor = Acceptor::open(options, message);
  if (!service.acceptor) return complain(2, message);
  if (app.count("--access") > 0) {
    service.rule = AccessRule::parse(access, message);
    if (!service.rule) return complain(2, message);
  }

  boost::asio::thread_pool pool(2);
  boost::asio::io_context io(1);
  HttpServer server(io, pool, std::move(service));
  for (const std::string& address : addresses) {
    bool is_usage = false;
    if (!server.listen(address, message, is_usage)) return complain(is_usage ? 2 : 1, message);
  }
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  std::puts("ready");
  std::fflush(stdout);
  io.run();
  pool.join();
  return 0;
} catch (const std::exception& error) {
  return complain(1, error.what());
}
