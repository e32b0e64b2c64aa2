#include "sspi_shim/client/user_finder.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/netbios_name.h"

namespace stead {
namespace {

constexpr std::chrono::hours kPlaceLife{1};

bool first_label_is(const std::string& realm, const std::string& netbios) {
  return equal_ignoring_case(realm.substr(0, realm.find('.')), netbios);
}

PrincipalName plain_name(const std::string& account) {
  return {NameType::principal, {account}};
}

}  // namespace

std::string key_of(const UserRequest& user) {
  if (user.certificate.empty()) return "user " + user.name;
  std::string out = "certificate " + fingerprint_of(user.certificate);
  const CertificateHints& hints = user.hints;
  if (!hints.name.empty() || !hints.domain.empty())
    out += '\n' + hints.name + '\n' + to_lower(hints.domain) + (hints.unique ? "\nunique" : "");
  return out;
}

Refusal unknown_user(const std::string& realm) {
  Refusal out;
  out.error = make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  out.stage = Stage::user_realm;
  out.realm = realm;
  return out;
}

UserFinder::UserFinder(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets)
    : context_(std::move(context)), tickets_(std::move(tickets)), places_(context_->options.cache_entries) {}

Awaitable<OrRefusal<UserPlace>> UserFinder::find(CallPtr call, UserRequest user) {
  if (!user.certificate.empty()) {
    OrRefusal<UserPlace> owner = co_await find_owner(call, std::move(user.certificate), std::move(user.hints));
    co_return owner;
  }
  const auto name = parse_user_name(user.name);
  if (!name) co_return unknown_user(context_->self.realm);
  OrRefusal<UserPlace> out = co_await find_by_name(call, *name, context_->self.realm);
  co_return out;
}

Awaitable<OrRefusal<UserPlace>> UserFinder::find_by_name(CallPtr call, UserName name, std::string first_realm) {
  if (!name.domain.empty()) {
    OrRefusal<UserPlace> out = co_await find_in_domain(call, name);
    co_return out;
  }
  if (!name.is_upn()) co_return UserPlace{plain_name(name.account), first_realm};
  OrRefusal<UserPlace> out = co_await find_by_upn(call, name, first_realm);
  co_return out;
}

std::string UserFinder::place_key(std::string name, const std::string& first_realm) const {
  return first_realm == context_->self.realm ? name : std::move(name) + '\n' + first_realm;
}

Awaitable<OrRefusal<UserPlace>> UserFinder::find_by_upn(CallPtr call, UserName name, std::string first_realm) {
  const auto key = place_key(name.account, first_realm);
  const auto known = places_.find(key, context_->exchange.now());
  if (known) co_return *known;
  UserRealmSearch search(context_->exchange, first_realm, name.account);
  std::optional<Refusal> refusal = co_await context_->driver.run(search, call);
  if (refusal) co_return std::move(*refusal);
  UserPlace out;
  if (search.realm().empty()) {
    out = {plain_name(name.before_suffix()), to_upper(name.suffix), true};
  } else {
    out = {enterprise_name(name.account), search.realm()};
    places_.put(key, key, out, context_->exchange.now() + kPlaceLife);
  }
  co_return out;
}

Awaitable<OrRefusal<bool>> UserFinder::is_known_realm(CallPtr call, std::string realm) {
  const LocatorOptions& configured = context_->options.locator;
  const std::string key = to_upper(realm);
  if (equal_ignoring_case(key, context_->self.realm) || configured.realms.contains(key) ||
      configured.kdc_proxies.contains(key))
    co_return true;
  if (context_->keys.all()->empty()) co_return false;  // no TGT of ours to ask with
  OrRefusal<CredentialPtr> tgt = co_await tickets_->tgt_for(call, key);
  if (!tgt && tgt.error().kind == FailureKind::unreachable) co_return tgt.error();
  co_return tgt.has_value();
}

Awaitable<OrRefusal<UserPlace>> UserFinder::find_in_domain(CallPtr call, UserName name) {
  OrRefusal<std::string> realm = co_await realm_of_netbios(call, to_upper(name.domain), name.account);
  if (!realm) co_return realm.error();
  if (realm->empty()) co_return unknown_user(context_->self.realm);
  co_return UserPlace{plain_name(name.account), std::move(*realm)};
}

Awaitable<OrRefusal<UserPlace>> UserFinder::find_by_certificate(CallPtr call, Buffer der, std::string first_realm) {
  const auto key = place_key("certificate " + fingerprint_of(der), first_realm);
  const auto known = places_.find(key, context_->exchange.now());
  if (known) co_return *known;
  UserRealmSearch search(context_->exchange, first_realm, {}, std::move(der));
  std::optional<Refusal> refusal = co_await context_->driver.run(search, call);
  if (refusal) co_return std::move(*refusal);
  if (search.realm().empty()) co_return unknown_user(first_realm);
  UserPlace out{std::nullopt, search.realm()};
  places_.put(key, key, out, context_->exchange.now() + kPlaceLife);
  co_return out;
}

// The owner of a certificate, under the name of the hints if they have one.
Awaitable<OrRefusal<UserPlace>> UserFinder::find_owner(CallPtr call, Buffer der, CertificateHints hints) {
  UserName user;
  if (!hints.name.empty()) user = parse_user_name(hints.name).value();
  std::string domain = to_upper(hints.domain), first_realm = context_->self.realm, account;
  if (!user.is_upn()) account = user.account;
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.find('.') != std::string::npos) {
    OrRefusal<bool> known = co_await is_known_realm(call, domain);
    if (!known) co_return known.error();
    first_realm = *known ? domain : std::string();
  } else if (!domain.empty()) {
    OrRefusal<std::string> found = co_await realm_of_netbios(call, domain, account);
    if (!found) co_return found.error();
    first_realm = std::move(*found);
  }
  if (first_realm.empty()) co_return unknown_user(context_->self.realm);
  if (hints.name.empty() || hints.unique) {
    OrRefusal<UserPlace> out = co_await find_by_certificate(call, std::move(der), first_realm);
    if (!out || hints.name.empty()) co_return out;
  }
  OrRefusal<UserPlace> out = co_await find_by_name(call, user, first_realm);
  co_return out;
}

// The realm of DOMAIN in DOMAIN\user; empty: not found. Asks in this order: the DCs of our realm and of the configured
// realms for their NetBIOS names, our KDC for the user, our KDC for a referral.
Awaitable<OrRefusal<std::string>> UserFinder::realm_of_netbios(CallPtr call, std::string netbios, std::string account) {
  const auto known = realms_.find(netbios);
  if (known != realms_.end()) co_return known->second;
  std::string pinged = co_await realm_by_ping(netbios);
  if (!pinged.empty()) co_return pinged;
  if (!account.empty()) {
    UserRealmSearch search(context_->exchange, context_->self.realm, account + "@" + netbios);
    std::optional<Refusal> refusal = co_await context_->driver.run(search, call);
    if (refusal && refusal->kind == FailureKind::unreachable) co_return std::move(*refusal);
    if (!refusal && !search.realm().empty()) co_return search.realm();
  }
  OrRefusal<std::string> referred = co_await realm_by_referral(call, netbios);
  co_return referred;
}

Awaitable<std::string> UserFinder::realm_by_ping(std::string netbios) {
  const std::string& own_realm = context_->self.realm;
  const LocatorOptions& configured = context_->options.locator;
  // Realms whose first label is the NetBIOS name come first: that is the usual name.
  std::vector<std::string> candidates;
  for (const bool alike : {true, false}) {
    if (first_label_is(own_realm, netbios) == alike) candidates.push_back(own_realm);
    for (const auto& [realm, controllers] : configured.realms) {
      if (realm != own_realm && first_label_is(realm, netbios) == alike) candidates.push_back(realm);
    }
  }
  for (const auto& realm : candidates) {
    if (equal_ignoring_case(realm, netbios)) co_return realm;
    std::vector<KnownController> controllers = co_await context_->locator->controllers(realm);
    const std::string name =
        co_await netbios_name_of(context_->executor, std::move(controllers), realm, configured.ping_timeout);
    if (!name.empty()) realms_[to_upper(name)] = realm;
    if (equal_ignoring_case(name, netbios)) co_return realm;
    // No DC answers the ping, as with KDCs other than AD: the usual name must do.
    if (name.empty() && first_label_is(realm, netbios)) co_return realm;
  }
  co_return std::string();
}

Awaitable<OrRefusal<std::string>> UserFinder::realm_by_referral(CallPtr call, std::string netbios) {
  if (context_->keys.all()->empty()) co_return std::string();
  OrRefusal<CredentialPtr> own = co_await tickets_->own_tgt(call);
  if (!own && own.error().kind == FailureKind::unreachable) co_return own.error();
  if (!own) co_return std::string();
  TgsQuestion question;
  question.header = *own;
  question.sname = krbtgt_name(netbios);
  TgsRequest request(context_->exchange, std::move(question),
                     {.stage = Stage::user_tgt, .detail = "the realm of " + netbios});
  std::optional<Refusal> unknown = co_await context_->driver.run(request, call);
  if (unknown && unknown->kind == FailureKind::unreachable) co_return std::move(*unknown);
  if (unknown) co_return std::string();
  std::string realm = request.result().referral();
  if (first_label_is(realm, netbios)) realms_[netbios] = realm;
  co_return realm;
}

}  // namespace stead
