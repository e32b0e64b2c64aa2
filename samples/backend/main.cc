// stead-backend --listen ADDRESS:PORT --keytab FILE [--principal SPN] [--access SDDL] [--json]
//
// A back end for trying delegation out. It accepts Kerberos only, and answers each caller with who they are, how they
// signed in, and which services acted for them. Prints `ready` on standard output once it listens, and one line for
// each request on standard error.
#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
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
  CLI::App app("A back end that accepts Kerberos only and answers each caller with what their ticket says.",
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

  const auto acceptor = Acceptor::open(options);
  if (!acceptor) return complain(2, to_string(acceptor.error()));
  service.acceptor = *acceptor;
  if (app.count("--access") > 0) {
    auto rule = AccessRule::parse(access);
    if (!rule) return complain(2, to_string(rule.error()));
    service.rule = std::move(*rule);
  }

  boost::asio::thread_pool pool(2);
  boost::asio::io_context io(1);
  HttpServer server(io, pool, std::move(service));
  for (const std::string& address : addresses) {
    const auto endpoint = parse_endpoint(address);
    if (!endpoint) return complain(2, to_string(endpoint.error()));
    if (const auto listens = server.listen(*endpoint); !listens) return complain(1, to_string(listens.error()));
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
