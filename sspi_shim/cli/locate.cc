// stead locate REALM: a domain controller, its level, and why it was chosen.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/host_and_port.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/krb5/conf/krb5_conf_fault.h"
#include "sspi_shim/locate/dc_locator.h"
#include "stead/client_config.h"

namespace stead::cli {
namespace {

namespace json = boost::json;

struct Arguments {
  std::string realm, level, site, config;
  bool json = false;
};

struct Answer {
  std::optional<LocatedController> found;
  Error error;
  std::vector<SeenController> seen;
};

boost::asio::awaitable<void> ask(std::shared_ptr<DcLocator> locator, const Arguments& arguments, DcLevel level,
                                 Answer& answer) {
  Result<LocatedController> found = co_await locator->locate(arguments.realm, level, arguments.site);
  if (found) {
    answer.seen = found->seen;
    answer.found = std::move(*found);
    co_return;
  }
  answer.error = found.error();
  const std::vector<ControllerAddress> none;
  DcLocator::Found looked = co_await locator->find(arguments.realm, level, none);
  answer.seen = std::move(looked.seen);
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

void print_json(const Arguments& arguments, const Answer& answer) {
  const bool has_found = answer.found.has_value();
  const LocatedController found = answer.found.value_or(LocatedController{});
  const auto& at = found.controller;
  json::array seen;
  for (const auto& one : answer.seen) {
    seen.push_back(json::object{{"controller", text_or_null(one.controller)},
                                {"address", one.address},
                                {"level", one.level},
                                {"answer", one.answer}});
  }
  const std::string address = has_found ? format_host_and_port(at.address, at.kerberos_port) : "";
  const std::string ldap_address = has_found ? format_host_and_port(at.address, at.ldap_port) : "";
  std::cout << json::serialize(json::object{{"realm", to_upper(arguments.realm)},
                                            {"controller", text_or_null(at.name)},
                                            {"address", text_or_null(address)},
                                            {"ldap_address", text_or_null(ldap_address)},
                                            {"level", has_found ? found.level : "unknown"},
                                            {"site", text_or_null(found.site)},
                                            {"flags", found.flags},
                                            {"why", has_found ? found.why : answer.error.message()},
                                            {"seen", std::move(seen)}})
            << '\n';
}

void print_text(const Answer& answer) {
  if (answer.found) {
    const auto& found = *answer.found;
    std::cout << (found.controller.name.empty() ? found.controller.address : found.controller.name) << '\n'
              << "  address  " << format_host_and_port(found.controller.address, found.controller.kerberos_port)
              << " (LDAP " << format_host_and_port(found.controller.address, found.controller.ldap_port) << ")\n"
              << "  level    " << found.level << '\n'
              << "  site     " << (found.site.empty() ? "-" : found.site) << '\n'
              << "  why      " << found.why << '\n';
  }
  if (!answer.seen.empty()) std::cout << "Seen:\n";
  for (const auto& seen : answer.seen) {
    std::cout << "  " << (seen.controller.empty() ? "-" : seen.controller) << "  " << seen.address << "  level "
              << seen.level << "  " << seen.answer << '\n';
  }
}

int run(const Arguments& arguments) {
  DcLevel level = DcLevel::unknown;
  if (!arguments.level.empty()) {
    const auto named = dc_level_by_name(arguments.level);
    if (!named || *named == DcLevel::unknown) {
      return complain(Exit::usage, "--level " + arguments.level +
                                       ": a level is 2003, 2008, 2008R2, 2012, 2012R2, 2016, 2019 or 2022");
    }
    level = *named;
  }
  ClientOptions options;
  if (!arguments.config.empty()) {
    std::string message;
    auto read = read_client_config(arguments.config, OtherTables::of_proxy, message);
    if (!read) {
      std::cerr << message << '\n';
      return Exit::usage;
    }
    options = std::move(*read);
  }
  if (const auto fault = find_krb5_conf_fault()) return complain(Exit::usage, to_string(*fault));
  fill_from_krb5_conf(options);
  boost::asio::io_context io(1);
  Answer answer;
  auto locator = make_dc_locator(io.get_executor(), options.locator);
  boost::asio::co_spawn(io, ask(locator, arguments, level, answer), [&io](std::exception_ptr failed) {
    io.stop();
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
  if (arguments.json)
    print_json(arguments, answer);
  else
    print_text(answer);
  if (answer.found) return Exit::done;
  const bool is_unreachable = answer.error != boost::asio::error::not_found;
  const auto of_level = arguments.level.empty() ? "" : " of level " + arguments.level;
  if (is_unreachable)
    return complain(Exit::unreachable, "no domain controller of " + to_upper(arguments.realm) +
                                           " could be reached: " + answer.error.message());
  return complain(Exit::refused, "no domain controller of " + to_upper(arguments.realm) + of_level + " was found");
}

}  // namespace

void add_locate(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("locate", "Find a domain controller, with its level and why it was chosen");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("REALM", arguments->realm, "The domain's realm")->required();
  command->add_option("--level", arguments->level, "A controller of at least this level: 2012, 2012R2, 2016, …");
  command->add_option("--site", arguments->site, "A controller that serves this site");
  command->add_option("--config", arguments->config,
                      "A file with [locator], such as the proxy's; default: krb5.conf and DNS");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
