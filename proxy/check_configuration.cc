#include "proxy/check_configuration.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/admin/admin_socket.h"
#include "proxy/load_generation.h"
#include "proxy/sign_in/sign_in_state.h"
#include "stead/result.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A socket at any port of the address, and at once none.
Checked<void> check_address(const Endpoint& endpoint) {
  asio::io_context unused;
  tcp::acceptor socket(unused);
  Error error;
  const std::string& host = endpoint.address;
  const tcp::endpoint at(asio::ip::make_address(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error),
                         0);
  if (!error) socket.open(at.protocol(), error);
  if (!error) socket.bind(at, error);
  if (!error) return {};
  return Problem{.message = "cannot listen at " + host + ':' + std::to_string(endpoint.port) + ": " + error.message(),
                 .where = {},
                 .fix = {}};
}

Checked<void> check_log(const std::string& path, const std::string& name) {
  if (path.empty()) return {};
  std::string needed = path;
  if (::access(path.c_str(), F_OK) != 0) needed = std::filesystem::path(path).parent_path().string();
  if (needed.empty()) needed = ".";
  if (::access(needed.c_str(), W_OK) == 0) return {};
  return Problem{.message = name + " cannot be opened: " + std::string(std::strerror(errno)), .where = path, .fix = {}};
}

}  // namespace

Checked<std::vector<std::string>> check_configuration(Config config) {
  std::vector<std::string> warnings;
  std::vector<Endpoint> addresses = config.client_addresses();
  if (config.admin) addresses.push_back(*config.admin);
  addresses.insert(addresses.end(), config.auth_listen.begin(), config.auth_listen.end());
  for (const Endpoint& endpoint : addresses)
    if (const auto good = check_address(endpoint); !good) return good.error();
  if (const auto good = check_log(config.access_log, "the access log"); !good) return good.error();
  if (const auto good = check_log(config.audit_log, "the audit log"); !good) return good.error();
  if (!config.admin_socket.empty())
    if (const auto good = AdminSocket::check(config.admin_socket); !good) return good.error();
  asio::io_context loop;
  LoadContext context;
  context.executors = {loop.get_executor()};
  context.memory = make_sign_in_memory(KeyFiles::only_read);
  context.ticket_keys = std::make_shared<TicketKeys>();
  {
    const auto loaded = load_generation(std::move(config), context, {});
    if (!loaded) return loaded.error();
    if (loaded->server_tls) warnings = loaded->server_tls->warnings();
  }
  context.memory->pool.join();
  loop.poll();  // what was made for the loop ends in it
  return warnings;
}

}  // namespace stead::proxy
