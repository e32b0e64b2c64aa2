// Where a user lives, and signing him in with his password.
#include "sspi_shim/base/text_time.h"
#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/locate/netbios_name.h"
#include "sspi_shim/s4u/as_exchange.h"

namespace stead {
namespace {

constexpr std::chrono::hours kPlaceLife{1};

bool first_label_is(const std::string& realm, const std::string& netbios) {
  return equal_ignoring_case(realm.substr(0, realm.find('.')), netbios);
}

PrincipalName plain_name(const std::string& account) {
  return {NameType::principal, {account}};
}

// Nobody knows him: what a KDC that was asked for such a user would say.
Refusal unknown_user(const std::string& realm) {
  Refusal out;
  out.error = make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  out.stage = Stage::user_realm;
  out.realm = realm;
  return out;
}

}  // namespace

Identity identity_by_tgt(CredentialPtr tgt, Trace trace) {
  auto state = std::make_shared<Identity::State>();
  state->user = {tgt->client, tgt->client_realm};
  state->s4u2self = false;
  state->forwardable = tgt->forwardable();
  state->endtime = tgt->endtime;
  state->fingerprint = "tgt " + fingerprint_of(encode(tgt->ticket));
  state->cache_key = to_lower(to_string(state->user)) + " " + state->fingerprint + " ";
  state->trace = std::move(trace);
  state->trace.client = to_string(state->user);
  state->trace.granted = true;
  state->trace.end_time = rfc3339(state->endtime);
  state->forwarded_tgt = std::move(tgt);
  return Identity(std::move(state));
}

Client::Awaitable<S4uClient::Step<S4uClient::UserPlace>> S4uClient::place_of(CallPtr call, std::string name) {
  const auto parsed = parse_user_name(name);
  if (!parsed) co_return unknown_user(self_.realm);
  const UserName user = *parsed;
  if (!user.domain.empty()) {
    Step<UserPlace> out = co_await place_of_domain(call, user);
    co_return out;
  }
  if (!user.is_upn()) co_return UserPlace{plain_name(user.account), self_.realm};
  Step<UserPlace> out = co_await place_of_upn(call, user, self_.realm);
  co_return out;
}

// `home`: the realm that is asked first.
Client::Awaitable<S4uClient::Step<S4uClient::UserPlace>> S4uClient::place_of_upn(CallPtr call, UserName user,
                                                                                 std::string home) {
  const auto key = to_lower(user.account) + (home == self_.realm ? "" : '\n' + home);
  const auto known = places_.find(key, context_.now());
  if (known) co_return *known;
  UserRealmSearch search(context_, home, user.account);
  std::optional<Refusal> refusal = co_await driver_.run(search, call);
  if (refusal) co_return std::move(*refusal);
  UserPlace out;
  if (search.realm().empty()) {
    out = {plain_name(user.before_suffix()), to_upper(user.suffix), true};
  } else {
    out = {enterprise_name(user.account), search.realm()};
    places_.put(key, key, out, context_.now() + kPlaceLife);
  }
  co_return out;
}

Client::Awaitable<S4uClient::Step<S4uClient::UserPlace>> S4uClient::place_of_domain(CallPtr call, UserName name) {
  const std::string realm = co_await realm_of_netbios(call, to_upper(name.domain), name.account);
  if (realm.empty()) co_return unknown_user(self_.realm);
  co_return UserPlace{plain_name(name.account), realm};
}

// DOMAIN of DOMAIN\user: what the DCs of our realm and of the configured ones say of themselves; then whom our own KDC
// refers to.
Client::Awaitable<std::string> S4uClient::realm_of_netbios(CallPtr call, std::string netbios, std::string account) {
  const auto known = realms_.find(netbios);
  if (known != realms_.end()) co_return known->second;
  // Those whose name looks like it first.
  std::vector<std::string> candidates;
  for (const bool alike : {true, false}) {
    if (first_label_is(self_.realm, netbios) == alike) candidates.push_back(self_.realm);
    for (const auto& [realm, controllers] : options_.locator.realms) {
      if (realm != self_.realm && first_label_is(realm, netbios) == alike) candidates.push_back(realm);
    }
  }
  for (const auto& realm : candidates) {
    if (equal_ignoring_case(realm, netbios)) co_return realm;
    std::vector<KnownController> controllers = co_await locator_->controllers(realm);
    const std::string name =
        co_await netbios_name_of(executor_, std::move(controllers), realm, options_.locator.ping_timeout);
    if (!name.empty()) realms_[to_upper(name)] = realm;
    if (equal_ignoring_case(name, netbios)) co_return realm;
    // A KDC that answers no ping: its realm's first label is the usual name.
    if (name.empty() && first_label_is(realm, netbios)) co_return realm;
  }
  if (!account.empty()) {
    UserRealmSearch search(context_, self_.realm, account + "@" + netbios);
    const std::optional<Refusal> refusal = co_await driver_.run(search, call);
    if (!refusal && !search.realm().empty()) co_return search.realm();
  }
  Step<CredentialPtr> own = co_await own_tgt(call);
  if (!own) co_return std::string();
  TgsQuestion question;
  question.header = *own;
  question.sname = krbtgt_name(netbios);
  TgsRequest request(context_, std::move(question), {Stage::user_tgt, "TGS", "the realm of " + netbios});
  const std::optional<Refusal> unknown = co_await driver_.run(request, call);
  if (unknown) co_return std::string();
  const auto realm = request.result().referral();
  if (first_label_is(realm, netbios)) realms_[netbios] = realm;
  co_return realm;
}

Client::Awaitable<S4uClient::Step<S4uClient::UserPlace>> S4uClient::place_of_certificate(CallPtr call, Buffer der,
                                                                                         std::string home) {
  const auto key = "certificate " + fingerprint_of(der) + (home == self_.realm ? "" : '\n' + home);
  const auto known = places_.find(key, context_.now());
  if (known) co_return *known;
  UserRealmSearch search(context_, home, {}, std::move(der));
  std::optional<Refusal> refusal = co_await driver_.run(search, call);
  if (refusal) co_return std::move(*refusal);
  if (search.realm().empty()) co_return unknown_user(home);
  UserPlace out{std::nullopt, search.realm()};
  places_.put(key, key, out, context_.now() + kPlaceLife);
  co_return out;
}

// A certificate's, under the name of the hints where there is one.
Client::Awaitable<S4uClient::Step<S4uClient::UserPlace>> S4uClient::place_of_owner(CallPtr call, Buffer der,
                                                                                   CertificateHints hints) {
  UserName user;
  if (!hints.name.empty()) user = parse_user_name(hints.name).value();
  std::string domain = to_upper(hints.domain), home = self_.realm, account;
  if (!user.is_upn()) account = user.account;
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.find('.') != std::string::npos)
    home = domain;
  else if (!domain.empty())
    home = co_await realm_of_netbios(call, domain, account);
  if (home.empty()) co_return unknown_user(self_.realm);
  if (hints.name.empty() || hints.unique) {
    Step<UserPlace> out = co_await place_of_certificate(call, std::move(der), home);
    if (!out || hints.name.empty()) co_return out;
  }
  if (!user.domain.empty()) {
    Step<UserPlace> out = co_await place_of_domain(call, user);
    co_return out;
  }
  if (!user.is_upn()) co_return UserPlace{plain_name(user.account), home};
  Step<UserPlace> out = co_await place_of_upn(call, user, home);
  co_return out;
}

// The user's TGT. A UPN is asked for as an enterprise name; the KDCs say with WRONG_REALM where he lives.
Client::Awaitable<S4uClient::Step<CredentialPtr>> S4uClient::password_tgt(CallPtr call, std::string name) {
  const auto parsed = parse_user_name(name);
  if (!parsed) co_return unknown_user(self_.realm);
  const UserName user = *parsed;
  Principal client{plain_name(user.account), self_.realm};
  if (user.is_upn()) client.name = enterprise_name(user.account);
  if (!user.domain.empty()) {
    Step<UserPlace> place = co_await place_of_domain(call, user);
    if (!place) co_return place.error();
    client.realm = place->realm;
  }
  AsExchange::Wanted wanted{client, {}, true, Stage::password, "the TGT of " + name};
  AsExchange first(context_, wanted);
  std::optional<Refusal> refusal = co_await driver_.run(first, call);
  if (!refusal) co_return first.tgt();
  if (!user.is_upn() || refusal->error != KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN) co_return std::move(*refusal);
  wanted.client = {plain_name(user.before_suffix()), to_upper(user.suffix)};
  AsExchange second(context_, wanted);
  std::optional<Refusal> again = co_await driver_.run(second, call);
  if (!again) co_return second.tgt();
  // A suffix that is no realm with KDCs says nothing new.
  if (again->kind == FailureKind::unreachable) co_return std::move(*refusal);
  co_return std::move(*again);
}

// A KDC that knows the user's password and not our key is not our KDC: whoever can fake an AS reply must fail here.
Client::Awaitable<std::optional<Refusal>> S4uClient::kdc_is_genuine(CallPtr call, CredentialPtr user_tgt) {
  const std::string detail = to_string(self_.name) + " with the user's TGT";
  CredentialPtr header = std::move(user_tgt);
  const Principal user{header->client, header->client_realm};
  // An account's name means something in its own realm only.
  if (self_.name.components.size() == 1 && !equal_ignoring_case(header->tgt_realm(), self_.realm)) {
    ReferralWalk home(context_, header, krbtgt_name(self_.realm),
                      {Stage::password, "krbtgt/" + self_.realm + " with the user's TGT"});
    std::optional<Refusal> refusal = co_await driver_.run(home, call);
    if (refusal) co_return refusal;
    header = home.ticket();
  }
  ReferralWalk walk(context_, header, self_.name, {Stage::password, detail});
  std::optional<Refusal> refusal = co_await driver_.run(walk, call);
  if (refusal) co_return refusal;
  const auto opened = own_keys_.open(walk.ticket()->ticket);
  if (!opened || !(opened->part.cname == user.name) || !equal_ignoring_case(opened->part.crealm, user.realm)) {
    co_return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), Stage::password, self_.realm, {},
                       "the KDC's ticket to this service does not fit the keytab: a false KDC, or an old keytab");
  }
  co_return std::nullopt;
}

Client::Awaitable<Outcome<std::string>> S4uClient::check_password(std::string name, std::string password) {
  Outcome<Identity> who = co_await user_by_password(std::move(name), std::move(password));
  if (!who) co_return who.error();
  co_return who->principal();
}

Client::Awaitable<Outcome<Identity>> S4uClient::user_by_password(std::string name, std::string password) {
  const auto secret = std::make_shared<SecretBuffer>(to_secret(as_bytes(password)));
  wipe(password.data(), password.size());
  std::function<Awaitable<Outcome<Identity>>()> work = [this, name, secret] {
    return signed_in(name, std::move(*secret));
  };
  Outcome<Identity> out = co_await on_executor<Identity>(std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<Identity>> S4uClient::signed_in(std::string name, SecretBuffer password) {
  auto call = new_call();
  call->about.user = name;
  if (name.find_first_of("@\\") == std::string::npos) call->about.user += "@" + self_.realm;
  call->password = std::move(password);
  Step<CredentialPtr> tgt = co_await password_tgt(call, name);
  if (!tgt) {
    if (tgt.error().kind != FailureKind::unreachable) ++refused_;
    co_return failure(tgt.error(), *call);
  }
  call->about.user = to_string((*tgt)->client, (*tgt)->client_realm);
  if (!own_keys_.all()->empty()) {
    std::optional<Refusal> refusal = co_await kdc_is_genuine(call, *tgt);
    if (refusal) co_return failure(*refusal, *call);
  }
  co_return identity_by_tgt(*tgt, std::move(call->trace));
}

}  // namespace stead
