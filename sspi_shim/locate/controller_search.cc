#include "sspi_shim/locate/controller_search.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/dc_choice.h"

namespace stead {
namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kGrace{100};  // for a preferred DC, once one that satisfies the wish has answered
constexpr std::size_t kMaxControllers = 32, kMaxFailures = 1000;

std::string key_of(const std::string& realm, const ControllerWish& wish) {
  return realm + ' ' + wish.netbios + ' ' + to_lower(wish.site) + ' ' + std::string(to_string(wish.at_least)) + ' ' +
         std::to_string(wish.required) + ' ' + std::to_string(wish.required_any) +
         (wish.domain_guid ? ' ' + guid_text(*wish.domain_guid) : "");
}

std::vector<PingTarget> targets_of(const std::vector<KnownController>& controllers, const std::string& domain) {
  std::vector<PingTarget> out;
  for (const KnownController& dc : controllers) out.push_back({domain, dc.where});
  return out;
}

std::vector<std::optional<NetlogonResponse>> responses_of(const PingAnswers& answers) {
  std::vector<std::optional<NetlogonResponse>> out(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] && answers[i]->answer == PingAnswer::ok) out[i] = answers[i]->response;
  }
  return out;
}

std::vector<SeenController> seen_of(const std::vector<PingTarget>& targets, const PingAnswers& answers,
                                    const ControllerWish& wish) {
  ChoiceRule rule;
  rule.at_least = wish.at_least;
  std::vector<SeenController> out;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const PingOutcome outcome = answers[i].value_or(PingOutcome{});
    SeenController seen = seen_controller(dc_facts(targets[i].where, outcome), rule);
    if (seen.answer == "ok" && !satisfies(outcome.response, wish)) seen.answer = why_not(outcome.response, wish);
    out.push_back(std::move(seen));
  }
  return out;
}

}  // namespace

ControllerSearch::ControllerSearch(asio::any_io_executor executor, std::shared_ptr<RealmControllers> controllers,
                                   LocatorTimes times)
    : executor_(std::move(executor)), controllers_(std::move(controllers)), times_(std::move(times)) {}

std::optional<PingOutcome> ControllerSearch::known_answer(const PingTarget& target, const ControllerWish& wish) const {
  const PingCache& pings = controllers_->pings();
  const PingCache::Entry* entry = wish.fresh ? nullptr : pings.find(target);
  if (entry == nullptr || entry->outcome.answer != PingAnswer::ok) return std::nullopt;
  if (!wish.background && pings.age_of(*entry) >= kRequirementsPingLife) return std::nullopt;
  return entry->outcome;
}

ControllerSearch::Found ControllerSearch::find_among(ControllerWish wish, std::vector<PingTarget> targets) {
  if (targets.empty()) co_return make_error_code(asio::error::host_not_found);
  if (targets.size() > kMaxControllers) targets.resize(kMaxControllers);
  PingRound round;
  round.targets = targets;
  for (const PingTarget& target : targets) round.known.push_back(known_answer(target, wish));
  round.timeout = wish.timeout;
  round.grace = kGrace;
  round.enough = [wish](const PingAnswers& answers) {
    const auto choice = choose_controller(responses_of(answers), wish);
    if (!choice) return Enough::no;
    return choice->is_best ? Enough::yes : Enough::after_grace;
  };
  const PingAnswers answers = co_await run_ping_round(executor_, controllers_->shared_pings(), std::move(round));
  const std::vector<std::optional<NetlogonResponse>> responses = responses_of(answers);
  if (const auto choice = choose_controller(responses, wish)) {
    const NetlogonResponse& response = *responses[choice->index];
    co_return FoundController{to_upper(response.dns_domain_name), targets[choice->index].where, response,
                              seen_of(targets, answers, wish)};
  }
  const bool any = std::any_of(responses.begin(), responses.end(), [](const auto& one) { return one.has_value(); });
  co_return any ? Error(asio::error::not_found) : Error(asio::error::timed_out);
}

ControllerSearch::Found ControllerSearch::find_in_realm(ControllerWish wish, std::string realm) {
  if (wish.fresh) controllers_->forget(realm);
  const std::string site = wish.site.empty() ? controllers_->site_of(realm) : wish.site;
  const std::vector<KnownController> known = co_await controllers_->of_realm(realm, site);
  std::vector<PingTarget> targets = targets_of(known, realm);
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(targets));
  co_return found;
}

// Global catalogs of DNS may be of any domain of the forest: each is pinged for its own.
ControllerSearch::Targets ControllerSearch::global_catalogs(std::string forest, std::string site, bool fresh) {
  if (fresh) controllers_->forget(to_upper(forest));
  const std::vector<KnownController> known = co_await controllers_->global_catalogs(std::move(forest), std::move(site));
  co_return targets_of(known, {});
}

// The controllers of all realms of the configuration, those of realm `first` before others.
ControllerSearch::Targets ControllerSearch::configured_controllers(std::string first) {
  std::vector<std::string> realms = controllers_->configured_realms();
  std::stable_partition(realms.begin(), realms.end(), [&](const std::string& realm) { return realm == first; });
  std::vector<PingTarget> out;
  for (const std::string& realm : realms) {
    std::string site = controllers_->site_of(realm);
    const std::vector<KnownController> known = co_await controllers_->of_realm(realm, std::move(site));
    for (const KnownController& dc : known) out.push_back({realm, dc.where});
  }
  co_return out;
}

// DNS records of a whole forest do not have the port of a KDC; those of its domain do.
ControllerSearch::Found ControllerSearch::with_kerberos_port(Result<FoundController> found) {
  const std::string realm = found->realm;
  std::string site = controllers_->site_of(realm);
  const std::vector<KnownController> of_domain = co_await controllers_->of_realm(realm, std::move(site));
  const auto same = std::find_if(of_domain.begin(), of_domain.end(),
                                 [&](const KnownController& dc) { return dc.where.address == found->where.address; });
  if (same != of_domain.end()) found->where.kerberos_port = same->where.kerberos_port;
  co_return found;
}

// MS-ADTS §6.3.6.1: the _gc records of the forest. `realm` is the forest's name, as DsGetDcName wants it, or a
// domain's, whose DCs then name its forest.
ControllerSearch::Found ControllerSearch::find_global_catalog(ControllerWish wish, std::string realm) {
  bool by_dns = !controllers_->is_configured(realm);
  std::vector<PingTarget> targets;
  if (by_dns && wish.netbios.empty() && !wish.domain_guid)
    targets = co_await global_catalogs(realm, wish.site, wish.fresh);
  wish.forest = realm;
  if (targets.empty()) {
    ControllerWish any = any_controller(wish);
    const Result<FoundController> domain = co_await find_in_realm(std::move(any), realm);
    if (!domain && (!wish.netbios.empty() || wish.domain_guid)) co_return domain.error();
    by_dns = by_dns && domain.has_value();
    if (domain && !domain->response.dns_forest_name.empty()) wish.forest = domain->response.dns_forest_name;
    const std::string site = wish.site.empty() && domain ? domain->response.client_site_name : wish.site;
    if (by_dns)
      targets = co_await global_catalogs(wish.forest, site, wish.fresh);
    else
      targets = co_await configured_controllers(realm);
    if (targets.empty() && !domain) co_return domain.error();
  }
  // These name the domain that was asked for; the catalog may be of another one.
  wish.netbios.clear();
  wish.domain_guid.reset();
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(targets));
  if (found && by_dns) found = co_await with_kerberos_port(std::move(found));
  co_return found;
}

ControllerSearch::Found ControllerSearch::find_by_name(ControllerWish wish, std::string realm) {
  const bool is_global_catalog = (wish.required & ds_flag::gc) != 0;
  Result<FoundController> found = make_error_code(asio::error::host_not_found);
  if (is_global_catalog)
    found = co_await find_global_catalog(std::move(wish), std::move(realm));
  else
    found = co_await find_in_realm(std::move(wish), std::move(realm));
  co_return found;
}

// The domain has another name than the caller knows. Its DCs are registered by its GUID in the forest, which is taken
// to be ours.
ControllerSearch::Found ControllerSearch::find_by_guid(ControllerWish wish) {
  wish.netbios.clear();
  const std::string home = to_upper(wish.home);
  const bool by_dns = !home.empty() && !controllers_->is_configured(home);
  std::vector<PingTarget> targets;
  if (by_dns) {
    ControllerWish ours = any_controller(wish);
    ours.domain_guid.reset();
    const Result<FoundController> own = co_await find_in_realm(std::move(ours), home);
    if (!own) co_return own.error();
    const std::string forest = own->response.dns_forest_name;
    if (wish.fresh) controllers_->forget(to_upper(forest));
    std::string guid = guid_text(*wish.domain_guid);
    const std::vector<KnownController> known = co_await controllers_->of_domain_guid(forest, std::move(guid));
    targets = targets_of(known, {});
  }
  if (targets.empty()) targets = co_await configured_controllers(home);
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(targets));
  if (found && by_dns) found = co_await with_kerberos_port(std::move(found));
  co_return found;
}

// First the domain, which names its forest.
ControllerSearch::Found ControllerSearch::find_global_catalog_by_guid(ControllerWish wish) {
  ControllerWish any = any_controller(wish);
  Result<FoundController> found = co_await find_by_guid(std::move(any));
  if (!found) co_return found;
  wish.netbios.clear();
  wish.domain_guid.reset();
  found = co_await find_global_catalog(std::move(wish), found->realm);
  co_return found;
}

std::optional<Error> ControllerSearch::recent_failure(const std::string& key, const ControllerWish& wish) const {
  const auto failed = failures_.find(key);
  if (failed == failures_.end() || wish.fresh || times_.now() >= failed->second.until) return std::nullopt;
  return failed->second.error;
}

void ControllerSearch::remember(const std::string& key, const Result<FoundController>& result) {
  if (result) {
    failures_.erase(key);
    return;
  }
  if (failures_.size() >= kMaxFailures) failures_.clear();
  failures_[key] = {result.error(), times_.now() + kFailureLife};
}

ControllerSearch::Found ControllerSearch::find(ControllerWish wish) {
  Error error = asio::error::host_not_found;
  for (const std::string& name : wish.realms) {
    const std::string realm = to_upper(name), key = key_of(realm, wish);
    if (const auto failure = recent_failure(key, wish)) {
      error = *failure;
      continue;
    }
    Result<FoundController> found = co_await find_by_name(wish, realm);
    remember(key, found);
    if (found) co_return found;
    error = found.error();
  }
  if (!wish.domain_guid) co_return error;
  const std::string key = key_of({}, wish);
  if (const auto failure = recent_failure(key, wish)) co_return *failure;
  Result<FoundController> found = make_error_code(asio::error::host_not_found);
  if ((wish.required & ds_flag::gc) != 0)
    found = co_await find_global_catalog_by_guid(std::move(wish));
  else
    found = co_await find_by_guid(std::move(wish));
  remember(key, found);
  co_return found;
}

}  // namespace stead
