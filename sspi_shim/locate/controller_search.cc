#include "sspi_shim/locate/controller_search.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sspi_shim/locate/dc_choice.h"

namespace stead {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::minutes kLife{15};
constexpr std::chrono::seconds kFailureLife{45};
constexpr std::chrono::milliseconds kGrace{100};  // for a preferred DC, once one that will do has answered
constexpr std::size_t kMaxControllers = 32, kMaxFailures = 1000;

std::string key_of(const std::string& realm, const ControllerAddress& where) {
  return realm + ' ' + where.address + ' ' + std::to_string(where.ldap_port);
}

std::string key_of(const std::string& realm, const ControllerWish& wish) {
  return realm + ' ' + wish.netbios + ' ' + to_lower(wish.site) + ' ' + std::string(to_string(wish.at_least)) + ' ' +
         std::to_string(wish.required) + ' ' + std::to_string(wish.required_any) +
         (wish.domain_guid ? ' ' + guid_text(*wish.domain_guid) : "");
}

bool is_of_forest(const NetlogonResponse& response, const ControllerWish& wish) {
  return wish.forest.empty() || equal_ignoring_case(response.dns_forest_name, wish.forest);
}
bool is_of_domain(const NetlogonResponse& response, const ControllerWish& wish) {
  return !wish.domain_guid || response.domain_guid == *wish.domain_guid;
}

std::string why_not(const NetlogonResponse& response, const ControllerWish& wish) {
  if (!is_of_domain(response, wish)) return "not this domain";
  return is_of_forest(response, wish) ? "lacks what is required" : "not this forest";
}

// Any DC of the domain that is meant.
ControllerWish any_controller(const ControllerWish& wish) {
  ControllerWish out;
  out.realms = wish.realms;
  out.netbios = wish.netbios;
  out.fresh = wish.fresh;
  out.background = wish.background;
  out.domain_guid = wish.domain_guid;
  out.home = wish.home;
  out.timeout = wish.timeout;
  return out;
}

}  // namespace

// One search's pings.
struct ControllerSearch::Round {
  explicit Round(const asio::any_io_executor& executor) : landed(executor) {}
  std::vector<Candidate> asked;
  std::vector<std::optional<NetlogonResponse>> responses;  // as `asked`
  std::vector<PingAnswer> answers;                         // as `asked`
  std::size_t under_way = 0;
  asio::steady_timer landed;

  [[nodiscard]] FoundController found(std::size_t index, const ControllerWish& wish) const {
    return {to_upper(responses[index]->dns_domain_name), asked[index].where, *responses[index], seen(wish)};
  }
  [[nodiscard]] std::vector<SeenController> seen(const ControllerWish& wish) const {
    std::vector<SeenController> out;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      DcFacts facts;
      facts.where = asked[i].where;
      facts.answer = answers[i];
      if (responses[i]) facts.level = level_of(responses[i]->flags);
      if (responses[i] && facts.where.name.empty()) facts.where.name = responses[i]->dns_host_name;
      ChoiceRule rule;
      rule.at_least = wish.at_least;
      SeenController seen = seen_controller(facts, rule);
      if (seen.answer == "ok" && !satisfies(*responses[i], wish)) seen.answer = why_not(*responses[i], wish);
      out.push_back(std::move(seen));
    }
    return out;
  }
};

ControllerSearch::ControllerSearch(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator)
    : executor_(std::move(executor)), locator_(std::move(locator)) {}

asio::awaitable<void> ControllerSearch::ping(std::shared_ptr<ControllerSearch> self, std::shared_ptr<Round> round,
                                             std::size_t index, std::chrono::milliseconds timeout) {
  const Candidate candidate = round->asked[index];
  const PingOutcome outcome = co_await netlogon_ping(self->executor_, candidate.where, candidate.domain, timeout);
  round->answers[index] = outcome.answer;
  if (outcome.answer == PingAnswer::ok) {
    round->responses[index] = outcome.response;
    self->answers_[key_of(candidate.domain, candidate.where)] = {outcome.response, Clock::now()};
  }
  --round->under_way;
  round->landed.cancel();
}

void ControllerSearch::fill_from_memory(Round& round, const ControllerWish& wish) const {
  for (std::size_t i = 0; i < round.asked.size() && !wish.fresh; ++i) {
    const auto known = answers_.find(key_of(round.asked[i].domain, round.asked[i].where));
    if (known == answers_.end() || (!wish.background && Clock::now() >= known->second.since + kLife)) continue;
    round.responses[i] = known->second.response;
    round.answers[i] = PingAnswer::ok;
  }
}

asio::awaitable<Result<FoundController>> ControllerSearch::find_among(ControllerWish wish,
                                                                      std::vector<Candidate> candidates) {
  if (candidates.empty()) co_return make_error_code(asio::error::host_not_found);
  const auto self = shared_from_this();
  const auto round = std::make_shared<Round>(executor_);
  if (candidates.size() > kMaxControllers) candidates.resize(kMaxControllers);
  round->asked = std::move(candidates);
  round->responses.resize(round->asked.size());
  round->answers.resize(round->asked.size(), PingAnswer::silent);
  fill_from_memory(*round, wish);
  bool preferred = false;
  if (!choose_controller(round->responses, wish, preferred) || !preferred) {
    for (std::size_t i = 0; i < round->asked.size(); ++i) {
      if (round->responses[i]) continue;
      ++round->under_way;
      asio::co_spawn(executor_, ping(self, round, i, wish.timeout), asio::detached);
    }
  }
  auto until = Clock::time_point::max();
  for (;;) {
    const auto best = choose_controller(round->responses, wish, preferred);
    if (best && (preferred || round->under_way == 0 || Clock::now() >= until)) co_return round->found(*best, wish);
    if (round->under_way == 0) break;
    if (best) until = std::min(until, Clock::now() + kGrace);
    round->landed.expires_at(until);
    co_await round->landed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const bool any = std::any_of(round->responses.begin(), round->responses.end(),
                               [](const auto& response) { return response.has_value(); });
  co_return any ? Error(asio::error::not_found) : Error(asio::error::timed_out);
}

asio::awaitable<Result<FoundController>> ControllerSearch::find_in(ControllerWish wish, std::string realm) {
  if (wish.fresh) locator_->forget(realm);
  std::vector<KnownController> known;
  if (wish.site.empty())
    known = co_await locator_->controllers(realm);
  else
    known = co_await locator_->controllers_of_site(realm, wish.site);
  std::vector<Candidate> candidates;
  for (const KnownController& dc : known) candidates.push_back({dc.where, realm});
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(candidates));
  co_return found;
}

// Those that DNS has. They may be of any domain of the forest, and are asked for none in particular.
asio::awaitable<std::vector<ControllerSearch::Candidate>> ControllerSearch::global_catalogs(std::string forest,
                                                                                            std::string site,
                                                                                            bool fresh) {
  if (fresh) locator_->forget(forest);
  const std::vector<KnownController> known = co_await locator_->global_catalogs(std::move(forest), std::move(site));
  std::vector<Candidate> out;
  for (const KnownController& dc : known) out.push_back({dc.where, {}});
  co_return out;
}

// Of all realms that have theirs in the configuration, this one's before others.
asio::awaitable<std::vector<ControllerSearch::Candidate>> ControllerSearch::configured_controllers(std::string first) {
  std::vector<std::string> realms = locator_->configured_realms();
  std::stable_partition(realms.begin(), realms.end(), [&](const std::string& realm) { return realm == first; });
  std::vector<Candidate> out;
  for (const std::string& realm : realms) {
    const std::vector<KnownController> known = co_await locator_->controllers(realm);
    for (const KnownController& dc : known) out.push_back({dc.where, realm});
  }
  co_return out;
}

bool ControllerSearch::is_configured(const std::string& realm) const {
  const std::vector<std::string> configured = locator_->configured_realms();
  return std::find(configured.begin(), configured.end(), realm) != configured.end();
}

// What DNS has for a whole forest has no port of a KDC; its domain's records do.
asio::awaitable<Result<FoundController>> ControllerSearch::with_kerberos_port(Result<FoundController> found) {
  const std::vector<KnownController> of_domain = co_await locator_->controllers(found->realm);
  const auto same = std::find_if(of_domain.begin(), of_domain.end(),
                                 [&](const KnownController& dc) { return dc.where.address == found->where.address; });
  if (same != of_domain.end()) found->where.kerberos_port = same->where.kerberos_port;
  co_return found;
}

// MS-ADTS §6.3.6.1: _gc of the forest. The name given is the forest's, as DsGetDcName wants it, or a domain's, whose
// DCs say of which it is.
asio::awaitable<Result<FoundController>> ControllerSearch::find_global_catalog(ControllerWish wish, std::string realm) {
  bool by_dns = !is_configured(realm);
  std::vector<Candidate> candidates;
  if (by_dns && wish.netbios.empty() && !wish.domain_guid)
    candidates = co_await global_catalogs(realm, wish.site, wish.fresh);
  wish.forest = realm;
  if (candidates.empty()) {
    const Result<FoundController> domain = co_await find_in(any_controller(wish), realm);
    if (!domain && (!wish.netbios.empty() || wish.domain_guid)) co_return domain.error();
    by_dns = by_dns && domain.has_value();
    if (domain && !domain->response.dns_forest_name.empty()) wish.forest = domain->response.dns_forest_name;
    const std::string site = wish.site.empty() && domain ? domain->response.client_site_name : wish.site;
    if (by_dns)
      candidates = co_await global_catalogs(wish.forest, site, wish.fresh);
    else
      candidates = co_await configured_controllers(realm);
    if (candidates.empty() && !domain) co_return domain.error();
  }
  // Those were the domain's, which need not be the catalog's.
  wish.netbios.clear();
  wish.domain_guid.reset();
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(candidates));
  if (found && by_dns) found = co_await with_kerberos_port(std::move(found));
  co_return found;
}

asio::awaitable<Result<FoundController>> ControllerSearch::find_by_name(ControllerWish wish, std::string realm) {
  const bool global_catalog = (wish.required & ds_flag::gc) != 0;
  Result<FoundController> found = make_error_code(asio::error::host_not_found);
  if (global_catalog)
    found = co_await find_global_catalog(std::move(wish), std::move(realm));
  else
    found = co_await find_in(std::move(wish), std::move(realm));
  co_return found;
}

// The domain has another name than the caller knows. Its DCs are registered by its GUID with the forest, which is taken
// to be ours.
asio::awaitable<Result<FoundController>> ControllerSearch::find_by_guid(ControllerWish wish) {
  wish.netbios.clear();
  if ((wish.required & ds_flag::gc) != 0) {
    Result<FoundController> domain = co_await find_by_guid(any_controller(wish));
    if (!domain) co_return domain;
    wish.domain_guid.reset();
    domain = co_await find_global_catalog(std::move(wish), domain->realm);
    co_return domain;
  }
  const std::string home = to_upper(wish.home);
  const bool by_dns = !home.empty() && !is_configured(home);
  std::vector<Candidate> candidates;
  if (by_dns) {
    ControllerWish ours = any_controller(wish);
    ours.domain_guid.reset();
    const Result<FoundController> own = co_await find_in(std::move(ours), home);
    if (!own) co_return own.error();
    const std::string forest = own->response.dns_forest_name;
    if (wish.fresh) locator_->forget(forest);
    const std::vector<KnownController> known =
        co_await locator_->controllers_by_guid(forest, guid_text(*wish.domain_guid));
    for (const KnownController& dc : known) candidates.push_back({dc.where, {}});
  }
  if (candidates.empty()) candidates = co_await configured_controllers(home);
  Result<FoundController> found = co_await find_among(std::move(wish), std::move(candidates));
  if (found && by_dns) found = co_await with_kerberos_port(std::move(found));
  co_return found;
}

std::optional<Error> ControllerSearch::failed_lately(const std::string& key, const ControllerWish& wish) const {
  const auto failed = failures_.find(key);
  if (failed == failures_.end() || wish.fresh || Clock::now() >= failed->second.until) return std::nullopt;
  return failed->second.error;
}

void ControllerSearch::remember(const std::string& key, const Result<FoundController>& result) {
  if (result) {
    failures_.erase(key);
    return;
  }
  if (failures_.size() >= kMaxFailures) failures_.clear();
  failures_[key] = {result.error(), Clock::now() + kFailureLife};
}

asio::awaitable<Result<FoundController>> ControllerSearch::find(ControllerWish wish) {
  const auto self = shared_from_this();
  Error error = asio::error::host_not_found;
  for (const std::string& name : wish.realms) {
    const std::string realm = to_upper(name), key = key_of(realm, wish);
    if (const auto failed = failed_lately(key, wish)) {
      error = *failed;
      continue;
    }
    Result<FoundController> found = co_await find_by_name(wish, realm);
    remember(key, found);
    if (found) co_return found;
    error = found.error();
  }
  if (!wish.domain_guid) co_return error;
  const std::string key = key_of({}, wish);
  if (const auto failed = failed_lately(key, wish)) co_return *failed;
  Result<FoundController> found = co_await find_by_guid(std::move(wish));
  remember(key, found);
  co_return found;
}

bool satisfies(const NetlogonResponse& response, const ControllerWish& wish) {
  if ((response.flags & wish.required) != wish.required) return false;
  if (wish.required_any != 0 && (response.flags & wish.required_any) == 0) return false;
  if (!wish.netbios.empty() && !equal_ignoring_case(response.netbios_domain_name, wish.netbios)) return false;
  if (level_of(response.flags) < wish.at_least || !is_of_forest(response, wish) || !is_of_domain(response, wish))
    return false;
  return wish.site.empty() || equal_ignoring_case(response.dc_site_name, wish.site);
}

std::optional<std::size_t> choose_controller(const std::vector<std::optional<NetlogonResponse>>& responses,
                                             const ControllerWish& wish, bool& best_there_is) {
  std::string next_closest;
  for (const auto& response : responses) {
    if (next_closest.empty() && response && response->next_closest_site_name)
      next_closest = *response->next_closest_site_name;
  }
  // Counts: all that is preferred, then how near it is.
  const auto rank = [&](const NetlogonResponse& response) {
    int out = (response.flags & wish.preferred) == wish.preferred ? 4 : 0;
    if (!wish.near || (response.flags & ds_flag::closest) != 0) return out + 2;
    return out + (!next_closest.empty() && equal_ignoring_case(response.dc_site_name, next_closest) ? 1 : 0);
  };
  std::optional<std::size_t> best;
  int highest = -1;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (!responses[i] || !satisfies(*responses[i], wish) || rank(*responses[i]) <= highest) continue;
    best = i;
    highest = rank(*responses[i]);
  }
  best_there_is = highest == 6;
  return best;
}

}  // namespace stead
