// stead s4u: a ticket in a user's name, with the trace of how it was got or why not.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <iostream>

#include "sspi_shim/cli/certificate_file.h"
#include "sspi_shim/cli/command.h"
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

// What is asked for, after every file was read.
struct Request {
  ClientOptions options;
  std::vector<std::uint8_t> certificate;  // DER
  std::vector<std::uint8_t> evidence;     // DER of a Ticket
};

using Answer = std::optional<Outcome<TicketPtr>>;

void print_step(const TraceStep& step) {
  char head[64];
  std::snprintf(head, sizeof head, "%3d  %-9s ", step.step, step.exchange.c_str());
  char took[32];
  std::snprintf(took, sizeof took, "%.1f ms", step.milliseconds);
  std::cerr << head << step.realm << "  "
            << (step.controller.empty() ? (step.address.empty() ? "-" : step.address) : step.controller) << " ("
            << step.level << ")  " << step.answer << (step.status.empty() ? "" : " + " + step.status) << "  " << took
            << (step.detail.empty() ? "" : "  [" + step.detail + "]") << '\n';
}

// "alice" of alice, alice@REALM and DOMAIN\alice.
std::string account_of(const std::string& name) {
  const auto slash = name.find('\\');
  const auto account = slash == std::string::npos ? name : name.substr(slash + 1);
  return account.substr(0, account.rfind('@'));
}

boost::asio::awaitable<void> ask(std::shared_ptr<Client> client, const Arguments& arguments, Request& request,
                                 Answer& answer) {
  if (request.certificate.empty() && request.evidence.empty()) {
    answer = co_await client->ticket_for_user(arguments.user, arguments.service);
    co_return;
  }
  std::optional<Identity> identity;
  if (!request.evidence.empty()) {
    Result<Identity> judged = client->from_ticket(request.evidence);
    if (!judged) {
      Failure failure;
      failure.kind = FailureKind::unusable;
      failure.error = judged.error();
      failure.text = arguments.evidence + ": the ticket for " + request.options.principal +
                     " does not fit the keytab: " + judged.error().message();
      answer = Outcome<TicketPtr>(failure);
      co_return;
    }
    identity = std::move(*judged);
    if (!arguments.user.empty() &&
        !equal_ignoring_case(account_of(identity->principal()), account_of(arguments.user))) {
      Failure failure;
      failure.kind = FailureKind::unusable;
      failure.text = arguments.evidence + ": the ticket is of " + identity->principal() + ", not of " + arguments.user;
      answer = Outcome<TicketPtr>(failure);
      co_return;
    }
  } else {
    CertificateHints hints;
    hints.name = arguments.user;
    Outcome<Identity> known = co_await client->user_by_certificate(request.certificate, hints);
    if (!known) {
      Failure failure = known.error();
      failure.trace.service = arguments.service;
      answer = Outcome<TicketPtr>(failure);
      co_return;
    }
    identity = std::move(*known);
  }
  answer = co_await client->ticket_for(*identity, arguments.service);
}

// Reads the files that the arguments name. False: said on standard error.
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
    complain(Exit::usage, "who asks? Give --principal, or principal under [identity] of --config");
    return false;
  }
  fill_from_krb5_conf(options);
  options.learn_levels = true;
  options.own_service_ticket = options.own_service_ticket || arguments.own_service_ticket;
  if (arguments.trace) options.on_step = print_step;
  if (!arguments.certificate.empty()) {
    request.certificate = read_certificate(arguments.certificate, message);
    if (request.certificate.empty()) {
      std::cerr << message << '\n';
      return false;
    }
  }
  if (!arguments.evidence.empty()) {
    const auto self = parse_principal(options.principal);
    if (!self) {
      complain(Exit::usage, "\"" + options.principal + "\" is no principal");
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
    return complain(Exit::usage, "for whom? Give --for, --certificate or --evidence");
  }
  if (!arguments.certificate.empty() && !arguments.evidence.empty())
    return complain(Exit::usage, "--certificate and --evidence exclude each other");
  Request request;
  if (!prepare(arguments, request)) return Exit::usage;
  boost::asio::io_context io(1);
  std::string what;
  auto client = Client::open(io.get_executor(), request.options, what);
  if (!client) return complain(Exit::usage, what);
  Answer answer;
  boost::asio::co_spawn(io, ask(*client, arguments, request, answer), [&io](std::exception_ptr failed) {
    io.stop();  // pings that were for the trace only
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
  command->add_option("--keytab", arguments->keytab, "Our keytab; default: krb5.conf's");
  command->add_option("--principal", arguments->principal, "Who asks: an SPN or account$@REALM, in the keytab");
  command->add_option("--certificate", arguments->certificate,
                      "The user's certificate (PEM); --for then says which of its accounts is meant");
  command->add_option("--evidence", arguments->evidence,
                      "A ccache with the user's own ticket to --principal, in place of S4U2Self");
  command->add_option("--ccache", arguments->ccache, "Write the ticket there, for other programs");
  command->add_option(
      "--config", arguments->config,
      "A file with [locator] and [identity], such as the proxy's; without it, DNS and krb5.conf are asked");
  command->add_flag("--own-service-ticket", arguments->own_service_ticket,
                    "Also get a ticket to the service as ourselves, as Windows does (steps 5 and 6)");
  command->add_flag("--trace", arguments->trace, "Print each step on standard error as it happens");
  command->add_flag("--json", arguments->json, "Print the result and its steps as JSON");
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
