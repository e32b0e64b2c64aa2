// Gets a ticket to a back end in a user's name and makes the token that a request to the back end carries:
//   sdk_ticket CONTROLLER KDC-PORT LDAP-PORT KEYTAB PRINCIPAL USER SPN
// CONTROLLER is the address of a domain controller of PRINCIPAL's realm; "": DNS has it.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "stead/s4u.h"

namespace {

boost::asio::awaitable<void> ask(std::shared_ptr<stead::Client> client, std::string user, std::string spn,
                                 int& status) {
  const stead::Outcome<stead::TicketPtr> ticket = co_await client->ticket_for_user(user, spn);
  if (!ticket) {
    std::cerr << ticket.error().text << '\n' << stead::explain(ticket.error().trace);
    co_return;
  }
  const auto token = stead::make_negotiate_token(**ticket);
  std::cout << (*ticket)->client() << " -> " << (*ticket)->service() << ": a token of "
            << (token ? token->token.size() : 0) << " bytes\n";
  status = token ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::cerr << "usage: sdk_ticket CONTROLLER KDC-PORT LDAP-PORT KEYTAB PRINCIPAL USER SPN\n";
    return 2;
  }
  stead::ClientOptions options{.principal = arguments[5], .keytab = arguments[4]};
  const std::string realm = options.principal.substr(options.principal.rfind('@') + 1);
  if (*arguments[1] != '\0') {
    options.locator.realms[realm] = {
        {.name = "",
         .address = arguments[1],
         .kerberos_port = static_cast<std::uint16_t>(std::strtoul(arguments[2], nullptr, 10)),
         .ldap_port = static_cast<std::uint16_t>(std::strtoul(arguments[3], nullptr, 10))}};
  }
  boost::asio::io_context io;
  std::string what;
  const auto client = stead::Client::open(io.get_executor(), options, what);
  if (!client) {
    std::cerr << what << '\n';
    return 2;
  }
  int status = 1;
  boost::asio::co_spawn(io, ask(*client, arguments[6], arguments[7], status), [&io](std::exception_ptr) { io.stop(); });
  io.run();
  return status;
}
