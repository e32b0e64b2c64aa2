#include "sspi_shim/context/domain_controller.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <algorithm>
#include <map>

#include "sspi_shim/s4u/dc_locator.h"
#include "sspi_shim/s4u/netlogon_ping.h"

namespace stead::sspi {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::minutes kLife{15};
constexpr std::chrono::milliseconds kGrace{100};  // for a preferred DC, once one that will do has answered
constexpr std::size_t kMaxControllers = 32;

struct Answered {
  NetlogonResponse response;
  Clock::time_point since;
};
// By domain and address. The C surface has one thread that asks.
std::map<std::string, Answered>& answers() {
  static auto* cache = new std::map<std::string, Answered>;
  return *cache;
}
std::string key_of(const std::string& realm, const ControllerAddress& where) {
  return realm + ' ' + where.address + ' ' + std::to_string(where.ldap_port);
}

// One search's pings.
struct Round {
  explicit Round(const asio::any_io_executor& executor) : landed(executor) {}
  std::vector<ControllerAddress> asked;
  std::vector<std::optional<NetlogonResponse>> responses;  // as `asked`
  std::size_t under_way = 0;
  asio::steady_timer landed;
};

asio::awaitable<void> ping(std::shared_ptr<Round> round, std::size_t index, asio::any_io_executor executor, std::string realm,
                           std::chrono::milliseconds timeout) {
  const ControllerAddress where = round->asked[index];
  const PingOutcome outcome = co_await netlogon_ping(executor, where, realm, timeout);
  if (outcome.answer == PingAnswer::ok) {
    round->responses[index] = outcome.response;
    answers()[key_of(realm, where)] = {outcome.response, Clock::now()};
  }
  --round->under_way;
  round->landed.cancel();
}

asio::awaitable<Result<FoundController>> find_in(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator, ControllerWish wish,
                                                 std::string realm) {
  const std::vector<KnownController> known = co_await locator->controllers(realm);
  if (known.empty()) co_return make_error_code(asio::error::host_not_found);
  const auto round = std::make_shared<Round>(executor);
  for (const KnownController& dc : known) {
    if (round->asked.size() < kMaxControllers) round->asked.push_back(dc.where);
  }
  round->responses.resize(round->asked.size());
  for (std::size_t i = 0; i < round->asked.size(); ++i) {
    const auto cached = answers().find(key_of(realm, round->asked[i]));
    if (wish.fresh || cached == answers().end()) continue;
    if (wish.background || Clock::now() < cached->second.since + kLife) round->responses[i] = cached->second.response;
  }
  bool preferred = false;
  if (!choose_controller(round->responses, wish, preferred) || !preferred) {
    for (std::size_t i = 0; i < round->asked.size(); ++i) {
      if (round->responses[i]) continue;
      ++round->under_way;
      asio::co_spawn(executor, ping(round, i, executor, realm, wish.timeout), asio::detached);
    }
  }
  auto until = Clock::time_point::max();
  for (;;) {
    const auto best = choose_controller(round->responses, wish, preferred);
    if (best && (preferred || round->under_way == 0 || Clock::now() >= until)) {
      co_return FoundController{round->asked[*best], *round->responses[*best]};
    }
    if (round->under_way == 0) break;
    if (best) until = std::min(until, Clock::now() + kGrace);
    round->landed.expires_at(until);
    co_await round->landed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const bool any = std::any_of(round->responses.begin(), round->responses.end(), [](const auto& response) { return response.has_value(); });
  co_return any ? Error(asio::error::not_found) : Error(asio::error::timed_out);
}

}  // namespace

bool satisfies(const NetlogonResponse& response, const ControllerWish& wish) {
  if ((response.flags & wish.required) != wish.required) return false;
  if (wish.required_any != 0 && (response.flags & wish.required_any) == 0) return false;
  if (!wish.netbios.empty() && !equal_ignoring_case(response.netbios_domain_name, wish.netbios)) return false;
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

asio::awaitable<Result<FoundController>> find_domain_controller(asio::any_io_executor executor, std::shared_ptr<DcLocator> locator,
                                                                ControllerWish wish) {
  Error error = asio::error::host_not_found;
  for (const std::string& realm : wish.realms) {
    Result<FoundController> found = co_await find_in(executor, locator, wish, to_upper(realm));
    if (found) co_return found;
    error = found.error();
  }
  co_return error;
}

}  // namespace stead::sspi
