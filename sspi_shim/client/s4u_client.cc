#include "sspi_shim/client/s4u_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/client/forwarded_tgt.h"
#include "sspi_shim/krb5/conf/krb5_realms.h"
#include "sspi_shim/krb5/identity.h"

namespace stead {
namespace {

template <class T>
Awaitable<Outcome<T>> fail(Failure failure) {
  co_return failure;
}

// The part that `fetch` belongs to must outlive the returned coroutine.
template <class T>
Awaitable<Outcome<T>> as_outcome(Awaitable<Fetched<T>> fetch) {
  Fetched<T> got = co_await std::move(fetch);
  if (!got) co_return got.error().failure;
  co_return std::move(*got);
}

bool is_user_name(const std::string& text) {
  return parse_user_name(text).has_value();
}

TicketSource source_of(std::shared_ptr<ProtocolTransition> transition, std::shared_ptr<Delegation> delegation) {
  return {[transition](UserRequest user, Freshness freshness) { return transition->fetch(std::move(user), freshness); },
          [delegation](Identity identity, Principal service, Freshness freshness) {
            return delegation->fetch(std::move(identity), std::move(service), freshness);
          }};
}

}  // namespace

S4uClient::S4uClient(ClientContextPtr context)
    : context_(std::move(context)),
      tickets_(std::make_shared<OwnTickets>(context_)),
      finder_(std::make_shared<UserFinder>(context_, tickets_)),
      transition_(std::make_shared<ProtocolTransition>(context_, tickets_, finder_)),
      delegation_(std::make_shared<Delegation>(context_, tickets_, transition_)),
      passwords_(std::make_shared<PasswordLogon>(context_, finder_)),
      controllers_(std::make_shared<ControllerFinder>(context_)),
      cache_(std::make_shared<CachingClient>(context_->executor, context_->options, context_->exchange.now,
                                             source_of(transition_, delegation_))) {}

S4uClient::S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self,
                     std::vector<Key> keys, std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator,
                     ClientContext::Now clock, OwnKeys::Read read_keys)
    : S4uClient(std::make_shared<ClientContext>(executor, std::move(options), std::move(self), std::move(keys),
                                                std::move(transport), std::move(locator), std::move(clock),
                                                std::move(read_keys))) {}

Awaitable<Outcome<Identity>> S4uClient::user(std::string name) {
  if (!is_user_name(name)) return fail<Identity>(bad_user_name(name));
  return cache_->identity(UserRequest{.name = std::move(name)});
}

Awaitable<Outcome<Identity>> S4uClient::user_by_certificate(std::vector<std::uint8_t> der, CertificateHints hints) {
  if (!hints.name.empty() && !is_user_name(hints.name)) return fail<Identity>(bad_user_name(hints.name));
  return cache_->identity(UserRequest{.name = {}, .certificate = std::move(der), .hints = std::move(hints)});
}

// The answer holds for this hour only, so nothing of it is cached.
Awaitable<Outcome<Identity>> S4uClient::user_within_logon_hours(std::string name, std::vector<std::uint8_t> certificate,
                                                                CertificateHints hints) {
  const bool by_name = certificate.empty();
  const std::string& named = by_name ? name : hints.name;
  if ((by_name || !named.empty()) && !is_user_name(named)) return fail<Identity>(bad_user_name(named));
  if (!by_name) name.clear();
  UserRequest request{.name = std::move(name), .certificate = std::move(certificate), .hints = std::move(hints)};
  return on_executor<Identity>(
      context_->executor, context_->options.request_deadline,
      [self = shared_from_this(), request = std::move(request)] {
        return as_outcome(self->transition_->fetch(request, Freshness::cached, LogonHours::checked));
      });
}

Result<Identity> S4uClient::from_ticket(std::vector<std::uint8_t> ticket_der) {
  auto ticket = decode_ticket(ticket_der);
  if (!ticket) return ticket.error();
  return identity_by_ticket(std::move(*ticket), ticket_der, context_->keys);
}

Outcome<Identity> S4uClient::from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) {
  Failure out;
  const auto request = decode_ap_req(ap_req_der);
  if (!request) {
    out.kind = FailureKind::rejected;
    out.error = request.error();
    out.text = "the AP-REQ is malformed: " + request.error().message();
    return out;
  }
  Checked<CredentialPtr> tgt = read_forwarded_tgt(*request, context_->keys.open(request->ticket));
  if (tgt) return identity_by_forwarded_tgt(std::move(*tgt));
  out.error = make_error_code(KrbErrc::KDC_ERR_BADOPTION);
  out.text = std::move(tgt.error().message);
  return out;
}

Awaitable<Outcome<std::string>> S4uClient::check_password(std::string name, std::string password) {
  return check_password_from(std::string(), std::move(name), std::move(password));
}

Awaitable<Outcome<std::string>> S4uClient::check_password_from(std::string address, std::string name,
                                                               std::string password) {
  Outcome<Identity> who = co_await sign_in(std::move(address), std::move(name), std::move(password));
  if (!who) co_return who.error();
  co_return who->principal();
}

Awaitable<Outcome<Identity>> S4uClient::user_by_password(std::string name, std::string password) {
  return sign_in(std::string(), std::move(name), std::move(password));
}

Awaitable<Outcome<Identity>> S4uClient::sign_in(std::string caller, std::string name, std::string password) {
  const auto secret = std::make_shared<SecretBuffer>(to_secret(as_bytes(password)));
  wipe(password.data(), password.size());
  return on_executor<Identity>(context_->executor, context_->options.request_deadline,
                               [self = shared_from_this(), caller, name, secret] {
                                 return as_outcome(self->passwords_->sign_in(name, std::move(*secret), caller));
                               });
}

Awaitable<Fetched<Identity>> S4uClient::own_identity() {
  auto call = context_->new_call();
  call->about.user = to_string(context_->self);
  OrRefusal<CredentialPtr> tgt = co_await tickets_->own_tgt(call);
  if (!tgt) co_return failure_of(tgt.error(), *call, context_->own_account);
  co_return identity_by_tgt(*tgt, std::move(call->trace));
}

Awaitable<Outcome<Identity>> S4uClient::self() {
  return on_executor<Identity>(context_->executor, context_->options.request_deadline,
                               [self = shared_from_this()] { return as_outcome(self->own_identity()); });
}

Awaitable<Outcome<ProxyCredentialPtr>> S4uClient::proxy_credential(Identity identity) {
  if (!context_->options.allow_proxy_credentials)
    return fail<ProxyCredentialPtr>(not_permitted("a proxy credential contains our own TGT: its reader can act as " +
                                                  to_string(context_->self) +
                                                  " for every user. Set allow_proxy_credentials to permit it"));
  if (identity.state().is_nobody()) return fail<ProxyCredentialPtr>(empty_identity());
  if (identity.state().forwarded_tgt)
    return fail<ProxyCredentialPtr>(
        not_permitted(identity.principal() + " has a TGT of their own and no evidence to make a proxy credential of"));
  return on_executor<ProxyCredentialPtr>(
      context_->executor, context_->options.request_deadline,
      [self = shared_from_this(), identity] { return as_outcome(self->delegation_->proxy_credential(identity)); });
}

// No coroutine of its own: a cached ticket costs one coroutine frame.
Awaitable<Outcome<TicketPtr>> S4uClient::cached_ticket(Identity identity, std::string spn,
                                                       RememberedRefusals refusals) {
  auto service = parse_principal(spn);
  if (!service || service->name.empty() || service->name.components.front().empty())
    return fail<TicketPtr>(bad_service_name(spn));
  if (identity.state().is_nobody()) return fail<TicketPtr>(empty_identity());
  if (service->realm.empty()) service->realm = realm_of_service(service->name, context_->options.locator);
  return cache_->ticket(std::move(identity), std::move(*service), refusals);
}

Awaitable<Outcome<TicketPtr>> S4uClient::ticket_for(Identity identity, std::string spn) {
  return cached_ticket(std::move(identity), std::move(spn), RememberedRefusals::respect);
}

Awaitable<Outcome<TicketPtr>> S4uClient::ticket_past_refusal(Identity identity, std::string spn) {
  return cached_ticket(std::move(identity), std::move(spn), RememberedRefusals::look_past);
}

Awaitable<Outcome<TicketPtr>> S4uClient::ticket_for_user(std::string name, std::string spn) {
  Outcome<Identity> who = co_await user(std::move(name));
  if (!who) {
    Failure out = who.error();
    out.trace.service = spn;
    co_return out;
  }
  Outcome<TicketPtr> out = co_await ticket_for(*who, std::move(spn));
  co_return out;
}

Awaitable<Outcome<LocatedController>> S4uClient::locate(std::string realm, std::string level) {
  const auto at_least = parse_level(level);
  if (!at_least) return fail<LocatedController>(at_least.error());
  return on_executor<LocatedController>(
      context_->executor, context_->options.request_deadline,
      [self = shared_from_this(), realm, level = *at_least] { return self->controllers_->locate(realm, level); });
}

Awaitable<Outcome<LocatedController>> S4uClient::find_controller(std::string realm,
                                                                 ControllerRequirements requirements) {
  const auto at_least = parse_level(requirements.level);
  if (!at_least) return fail<LocatedController>(at_least.error());
  if (realm.empty()) return fail<LocatedController>(bad_name("the realm of the controller is missing"));
  return on_executor<LocatedController>(context_->executor, context_->options.request_deadline,
                                        [self = shared_from_this(), realm, level = *at_least, requirements] {
                                          return self->controllers_->find(realm, level, requirements);
                                        });
}

void S4uClient::forget_user(std::string_view principal) {
  cache_->forget_user(principal);
}

Statistics S4uClient::statistics() const {
  Statistics out = context_->driver.statistics();
  out.pings = context_->locator->pings();
  out.refusals = passwords_->refused();
  cache_->add_to(out);
  return out;
}

CacheView S4uClient::cache_view(std::string_view user) const {
  return cache_->view(user, to_string(context_->self));
}

}  // namespace stead
