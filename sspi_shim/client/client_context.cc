#include "sspi_shim/client/client_context.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/s4u/events.h"

namespace stead {
namespace {

Driver::Levels levels_of(const ClientOptions& options) {
  return options.learn_levels ? Driver::Levels::learned : Driver::Levels::as_known;
}

}  // namespace

ClientContext::ClientContext(boost::asio::any_io_executor on, ClientOptions given, Principal principal,
                             std::vector<Key> own_keys, std::shared_ptr<KdcTransport> transport,
                             std::shared_ptr<DcLocator> dc_locator, Now clock, OwnKeys::Read read_keys)
    : executor(on),
      options(std::move(given)),
      self(std::move(principal)),
      keys(std::move(own_keys), std::move(read_keys)),
      locator(dc_locator),
      driver(on, std::move(transport), std::move(dc_locator), levels_of(options), options.on_step, options.on_event) {
  if (clock) exchange.now = std::move(clock);
  exchange.etypes = offered_enctypes(options.allow_rc4 ? Rc4::allowed : Rc4::refused);
  if (options.on_event) {
    locator->on_health([report = options.on_event](const KnownController& dc, ControllerState state) {
      report(event_of_health(dc, state));
    });
  }
}

CallPtr ClientContext::new_call() const {
  auto call = std::make_shared<Call>();
  call->deadline = std::chrono::steady_clock::now() + options.request_deadline;
  call->about.front_end = self;
  call->about.front_account = own_account;
  return call;
}

OwnTicketRules ClientContext::own_ticket_rules() const {
  return {.self = self, .own_account = own_account, .realm_now = exchange.now_at(self.realm)};
}

}  // namespace stead
