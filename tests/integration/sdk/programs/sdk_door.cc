// Asks for tickets through the C++ API, many at once of one Client, as a program that embeds it does. What to ask is
// read from standard input, a line each, with tabs between the fields:
//   client      PRINCIPAL KEYTAB ALLOW_RC4 PA_FOR_USER      (the last two: 0 or 1)
//   controller  REALM NAME ADDRESS KERBEROS_PORT LDAP_PORT  in the order they are to be asked
//   name        USER SPN                                    S4U2Self, then S4U2Proxy
//   ticket      FILE SPN                                    the DER Ticket in FILE as evidence
// For each `name` and `ticket`, in the order given, a line of JSON: the trace, as `stead s4u --json` has it. A ticket
// that is granted must make a Negotiate token.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <ios>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "stead/s4u.h"

namespace {

struct Question {
  bool by_ticket = false;
  std::string who, spn;
  std::string answer;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', start)) {
    fields.push_back(line.substr(start, tab - start));
    start = tab + 1;
  }
  fields.push_back(line.substr(start));
  return fields;
}

std::vector<std::uint8_t> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string one_line(std::string json) {
  std::erase(json, '\n');
  return json;
}

boost::asio::awaitable<void> ask(std::shared_ptr<stead::Client> client, Question& question) {
  stead::Outcome<stead::TicketPtr> ticket =
      stead::Failure{.kind = stead::FailureKind::unusable, .error = {}, .text = {}, .trace = {}};
  if (question.by_ticket) {
    stead::Result<stead::Identity> evidence = client->from_ticket(contents(question.who));
    if (!evidence) {
      question.answer = "evidence: " + evidence.error().message();
      co_return;
    }
    ticket = co_await client->ticket_for(*evidence, question.spn);
  } else {
    ticket = co_await client->ticket_for_user(question.who, question.spn);
  }
  if (!ticket) {
    question.answer = one_line(stead::to_json(ticket.error().trace));
    co_return;
  }
  const auto token = stead::make_negotiate_token(**ticket);
  question.answer = token ? one_line(stead::to_json((*ticket)->trace())) : "token: " + token.error().message();
}

}  // namespace

int main() {
  stead::ClientOptions options;
  std::vector<Question> questions;
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields[0] == "client" && fields.size() == 5) {
      options.principal = fields[1];
      options.keytab = fields[2];
      options.allow_rc4 = fields[3] == "1";
      if (fields[4] == "1") options.pa_for_user = stead::PaForUserUse::always;
    } else if (fields[0] == "controller" && fields.size() == 6) {
      options.locator.realms[fields[1]].push_back({.name = fields[2],
                                                   .address = fields[3],
                                                   .kerberos_port = static_cast<std::uint16_t>(std::stoi(fields[4])),
                                                   .ldap_port = static_cast<std::uint16_t>(std::stoi(fields[5]))});
    } else if ((fields[0] == "name" || fields[0] == "ticket") && fields.size() == 3) {
      questions.push_back({.by_ticket = fields[0] == "ticket", .who = fields[1], .spn = fields[2], .answer = {}});
    } else {
      std::cerr << "not understood: " << line << '\n';
      return 2;
    }
  }
  boost::asio::io_context io;
  std::string what;
  const auto client = stead::Client::open(io.get_executor(), options, what);
  if (!client) {
    std::cerr << what << '\n';
    return 2;
  }
  std::size_t left = questions.size();
  for (Question& question : questions) {
    boost::asio::co_spawn(io, ask(*client, question), [&io, &left](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
      if (--left == 0) io.stop();
    });
  }
  io.run();
  for (const Question& question : questions) std::cout << question.answer << '\n';
  return 0;
}
