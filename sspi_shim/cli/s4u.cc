// stead s4u: a ticket in a user's name, with the trace of the exchanges, or the diagnosis of a refusal.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/cli/certificate_file.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/cli/trace_line.h"
#include "sspi_shim/krb5/evidence.h"
#include "sspi_shim/protocol/types/types.h"
#include "stead/client_config.h"
#include "stead/s4u.h"

namespace stead::cli {
namespace {

struct Arguments {
  std::string user, service, keytab, principal, certificate, evidence, ccache, config;
  bool trace = false, json = false, own_service_ticket = false;
};

// The request, after every file that the arguments name was read.
struct Request {
  ClientOptions options;
  std::vector<std::uint8_t> certificate;  // DER
  std::vector<std::uint8_t> evidence;     // DER of a Ticket
};

using Answer = std::optional<Outcome<TicketPtr>>;

void print_step(const TraceStep& step) {
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  std::cerr << (is_terminal ? terminal_lines(step) : plain_line(step));
}

// "alice" of alice, alice@REALM and DOMAIN\alice.
std::string account_of(const std::string& name) {
  const auto slash = name.find('\\');
  const auto account = slash == std::string::npos ? name : name.substr(slash + 1);
  return account.substr(0, account.rfind('@'));
}

Failure unusable(std::string text, Error error = {}) {
  Failure failure;
  failure.kind = FailureKind::unusable;
  failure.error = error;
  failure.text = std::move(text);
  return failure;
}

// The user of the ticket that --evidence names.
Outcome<Identity> user_of_evidence(Client& client, const Arguments& arguments, const Request& request) {
  Result<Identity> identity = client.from_ticket(request.evidence);
  if (!identity) {
    return unusable(arguments.evidence + ": the ticket for " + request.options.principal +
                        " does not fit the keytab: " + identity.error().message(),
                    identity.error());
  }
  if (!arguments.user.empty() && !equal_ignoring_case(account_of(identity->principal()), account_of(arguments.user))) {
    return unusable(arguments.evidence + ": the ticket is of " + identity->principal() + ", not of " + arguments.user);
  }
  return std::move(*identity);
}

boost::asio::awaitable<void> ask(std::shared_ptr<Client> client, const Arguments& arguments, Request& request,
                                 Answer& answer) {
  if (request.certificate.empty() && request.evidence.empty()) {
    answer = co_await client->ticket_for_user(arguments.user, arguments.service);
    co_return;
  }
  std::optional<Outcome<Identity>> identity;
  if (!request.evidence.empty()) {
    identity = user_of_evidence(*client, arguments, request);
  } else {
    CertificateHints hints;
    hints.name = arguments.user;
    identity = co_await client->user_by_certificate(request.certificate, hints);
    if (!*identity) identity->error().trace.service = arguments.service;
  }
  if (!*identity) {
    answer = Outcome<TicketPtr>(identity->error());
    co_return;
  }
  answer = co_await client->ticket_for(**identity, arguments.service);
}

// Reads the files that the arguments name. On failure prints why on standard error and returns false.
bool prepare(const Arguments& arguments, Request& request) {
  std::string message;
  if (!arguments.config.empty()) {
    auto read = read_client_config(arguments.config, OtherTables::of_proxy, message);
    if (!read) {
      std::cerr << message << '\n';
      return false;
    }
    request.options = std::move(*read);
  }
  auto& options = request.options;
  if (!arguments.keytab.empty()) options.keytab = arguments.keytab;
  if (!arguments.principal.empty()) options.principal = arguments.principal;
  if (options.principal.empty()) {
    complain(Exit::usage, "no principal: give --principal, or principal under [identity] of --config");
    return false;
  }
  fill_from_krb5_conf(options);
  options.learn_levels = true;
  options.own_service_ticket = options.own_service_ticket || arguments.own_service_ticket;
  if (arguments.trace) options.on_step = print_step;
  if (!arguments.certificate.empty()) {
    auto certificate = read_certificate(arguments.certificate);
    if (!certificate) {
      std::cerr << to_string(certificate.error()) << '\n';
      return false;
    }
    request.certificate = std::move(*certificate);
  }
  if (!arguments.evidence.empty()) {
    const auto self = parse_principal(options.principal);
    if (!self) {
      complain(Exit::usage, "\"" + options.principal + "\" is not a principal name");
      return false;
    }
    auto evidence = read_evidence(arguments.evidence, *self);
    if (!evidence) {
      complain(Exit::usage, to_string(evidence.error()));
      return false;
    }
    request.evidence = std::move(evidence->ticket_der);
  }
  return true;
}

int report(const Arguments& arguments, const Outcome<TicketPtr>& answer) {
  if (answer) {
    const auto& ticket = **answer;
    if (!arguments.ccache.empty()) {
      const auto written = export_ccache(ticket, arguments.ccache);
      if (!written)
        return complain(Exit::usage, arguments.ccache + ": cannot be written: " + written.error().message());
    }
    if (arguments.json) {
      std::cout << to_json(ticket.trace()) << '\n';
    } else {
      std::cout << ticket.client() << " -> " << ticket.service() << ": granted until " << ticket.trace().end_time
                << '\n';
      if (!arguments.ccache.empty()) std::cout << "written to " << arguments.ccache << '\n';
    }
    return Exit::done;
  }
  const auto& failure = answer.error();
  if (failure.kind == FailureKind::unusable) return complain(Exit::usage, failure.text);
  if (arguments.json) std::cout << to_json(failure.trace) << '\n';
  complain(Exit::refused, failure.text);
  if (!arguments.json && failure.trace.diagnosis) {
    std::cerr << failure.trace.diagnosis->summary << '\n';
    for (const auto& fix : failure.trace.diagnosis->fix) std::cerr << "  " << fix << '\n';
  }
  return failure.kind == FailureKind::unreachable ? Exit::unreachable : Exit::refused;
}

int run(const Arguments& arguments) {
  if (arguments.user.empty() && arguments.certificate.empty() && arguments.evidence.empty()) {
    return complain(Exit::usage, "no user: give --for, --certificate or --evidence");
  }
  if (!arguments.certificate.empty() && !arguments.evidence.empty())
    return complain(Exit::usage, "give either --certificate or --evidence, not both");
  Request request;
  if (!prepare(arguments, request)) return Exit::usage;
  boost::asio::io_context io(1);
  std::string what;
  auto client = Client::open(io.get_executor(), request.options, what);
  if (!client) return complain(Exit::usage, what);
  Answer answer;
  boost::asio::co_spawn(io, ask(*client, arguments, request, answer), [&io](std::exception_ptr failed) {
    io.stop();  // pings still running serve the trace only
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
  return report(arguments, *answer);
}

}  // namespace

void add_s4u(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("s4u", "Get a ticket to a service in a user's name");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--for", arguments->user, "The user: alice, alice@SUFFIX or DOMAIN\\alice");
  command->add_option("--service", arguments->service, "The back end's SPN, with or without @REALM")->required();
  command->add_option("--keytab", arguments->keytab, "The front end's keytab; default: that of krb5.conf");
  command->add_option("--principal", arguments->principal,
                      "The front end: an SPN or account$@REALM that the keytab has a key of");
  command->add_option("--certificate", arguments->certificate,
                      "The user's certificate (PEM); --for selects one of several accounts that it is mapped to");
  command->add_option("--evidence", arguments->evidence,
                      "A ccache with the user's own ticket to --principal; replaces S4U2Self");
  command->add_option("--ccache", arguments->ccache, "Write the ticket to this file, for other programs");
  command->add_option("--config", arguments->config,
                      "A file with [locator] and [identity], such as the proxy's; default: DNS and krb5.conf");
  command->add_flag("--own-service-ticket", arguments->own_service_ticket,
                    "Also get a ticket to the service in the front end's own name, as Windows does");
  command->add_flag("--trace", arguments->trace, "Print each step on standard error as it happens");
  command->add_flag("--json", arguments->json, "Print the result and its steps as JSON");
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
