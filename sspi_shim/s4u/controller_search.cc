#include "sspi_shim/s4u/controller_search.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <algorithm>

#include "sspi_shim/s4u/dc_choice.h"

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
  return realm + ' ' + wish.netbios + ' ' + to_lower(wish.site) + ' ' + std::string(to_string(wish.at_least)) + ' ' + std::to_string(wish.required) + ' ' +
         std::to_string(wish.required_any);
}

}  // namespace

// One search's pings.
struct ControllerSearch::Round {
  explicit Round(const asio::any_io_executor& executor) : landed(executor) {}
  std::vector<ControllerAddress> asked;
  std::vector<std::optional<NetlogonResponse>> responses;  // as `asked`
  std::vector<PingAnswer> answers;                         // as `asked`
  std::size_t under_way = 0;
  asio::steady_timer landed;

  [[nodiscard]] FoundController found(const std::string& realm, std::size_t index, const ControllerWish& wish) const {
    return {realm, asked[index], *responses[index], seen(wish)};
  }
  [[nodiscard]] std::vector<SeenController> seen(const ControllerWish& wish) const {
    std::vector<SeenController> out;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      DcFacts facts;
      facts.where = asked[i];
      facts.answer = answers[i];
      if (responses[i]) facts.level = level_of(responses[i]->flags);
      if (responses[i] && facts.where.name.empty()) facts.where.name = responses[i]->dns_host_name;
      ChoiceRule rule;
      rule.at_least = wish.at_least;
      SeenController seen = seen_controller(facts, rule);
      if (seen.answer == "ok" && !satisfies(*responses[i], wish)) seen.answer = "lacks what is required";
      out.push_back(std::move(seen));
    }
    return out;
  }
};

ControllerSearch::ControllerSearch(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator)
    : executor_(std::move(executor)), locator_(std::move(locator)) {}

asio::awaitable<void> ControllerSearch::ping(std::shared_ptr<ControllerSearch> self, std::shared_ptr<Round> round, std::size_t index, std::string realm,
                                             std::chrono::milliseconds timeout) {
  const ControllerAddress where = round->asked[index];
  const PingOutcome outcome = co_await netlogon_ping(self->executor_, where, realm, timeout);
  round->answers[index] = outcome.answer;
  if (outcome.answer == PingAnswer::ok) {
    round->responses[index] = outcome.response;
    self->answers_[key_of(realm, where)] = {outcome.response, Clock::now()};
  }
  --round->under_way;
  round->landed.cancel();
}

void ControllerSearch::fill_from_memory(Round& round, const std::string& realm, const ControllerWish& wish) const {
  for (std::size_t i = 0; i < round.asked.size() && !wish.fresh; ++i) {
    const auto known = answers_.find(key_of(realm, round.asked[i]));
    if (known == answers_.end() || (!wish.background && Clock::now() >= known->second.since + kLife)) continue;
    round.responses[i] = known->second.response;
    round.answers[i] = PingAnswer::ok;
  }
}

asio::awaitable<Result<FoundController>> ControllerSearch::find_in(ControllerWish wish, std::string realm) {
  const auto self = shared_from_this();
  if (wish.fresh) locator_->forget(realm);
  std::vector<KnownController> known;
  if (wish.site.empty()) known = co_await locator_->controllers(realm);
  else known = co_await locator_->controllers_of_site(realm, wish.site);
  if (known.empty()) co_return make_error_code(asio::error::host_not_found);
  const auto round = std::make_shared<Round>(executor_);
  for (const KnownController& dc : known) {
    if (round->asked.size() < kMaxControllers) round->asked.push_back(dc.where);
  }
  round->responses.resize(round->asked.size());
  round->answers.resize(round->asked.size(), PingAnswer::silent);
  fill_from_memory(*round, realm, wish);
  bool preferred = false;
  if (!choose_controller(round->responses, wish, preferred) || !preferred) {
    for (std::size_t i = 0; i < round->asked.size(); ++i) {
      if (round->responses[i]) continue;
      ++round->under_way;
      asio::co_spawn(executor_, ping(self, round, i, realm, wish.timeout), asio::detached);
    }
  }
  auto until = Clock::time_point::max();
  for (;;) {
    const auto best = choose_controller(round->responses, wish, preferred);
    if (best && (preferred || round->under_way == 0 || Clock::now() >= until)) co_return round->found(realm, *best, wish);
    if (round->under_way == 0) break;
    if (best) until = std::min(until, Clock::now() + kGrace);
    round->landed.expires_at(until);
    co_await round->landed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const bool any = std::any_of(round->responses.begin(), round->responses.end(), [](const auto& response) { return response.has_value(); });
  co_return any ? Error(asio::error::not_found) : Error(asio::error::timed_out);
}

asio::awaitable<Result<FoundController>> ControllerSearch::find(ControllerWish wish) {
  const auto self = shared_from_this();
  Error error = asio::error::host_not_found;
  for (const std::string& name : wish.realms) {
    const std::string realm = to_upper(name), key = key_of(realm, wish);
    const auto failed = failures_.find(key);
    if (failed != failures_.end() && !wish.fresh && Clock::now() < failed->second.until) {
      error = failed->second.error;
      continue;
    }
    Result<FoundController> found = co_await find_in(wish, realm);
    if (found) {
      failures_.erase(key);
      co_return found;
    }
    error = found.error();
    if (failures_.size() >= kMaxFailures) failures_.clear();
    failures_[key] = {error, Clock::now() + kFailureLife};
  }
  co_return error;
}

bool satisfies(const NetlogonResponse& response, const ControllerWish& wish) {
  if ((response.flags & wish.required) != wish.required) return false;
  if (wish.required_any != 0 && (response.flags & wish.required_any) == 0) return false;
  if (!wish.netbios.empty() && !equal_ignoring_case(response.netbios_domain_name, wish.netbios)) return false;
  if (level_of(response.flags) < wish.at_least) return false;
  return wish.site.empty() || equal_ignoring_case(response.dc_site_name, wish.site);
}

std::optional<std::size_t> choose_controller(const std::vector<std::optional<NetlogonResponse>>& responses, const ControllerWish& wish,
                                             bool& best_there_is) {
  std::string next_closest;
  for (const auto& response : responses) {
    if (next_closest.empty() && response && response->next_closest_site_name) next_closest = *response->next_closest_site_name;
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
