#include "sspi_shim/locate/level_search.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/locate/ping_round.h"

namespace stead {
namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kGrace{150};  // for slower DCs, once one that serves has answered
constexpr std::size_t kPingsTogether = 10;

bool is_among(const std::vector<ControllerAddress>& list, const ControllerAddress& where) {
  return std::any_of(list.begin(), list.end(),
                     [&](const ControllerAddress& other) { return address_text(other) == address_text(where); });
}

}  // namespace

asio::awaitable<std::vector<DcFacts>> LevelSearch::look(std::string realm, std::string site, ChoiceRule rule,
                                                        std::vector<ControllerAddress> refused) {
  std::vector<DcFacts> dcs = co_await look_once(realm, site, rule, refused);
  const bool is_served = std::any_of(dcs.begin(), dcs.end(),
                                     [&](const DcFacts& dc) { return is_known_to_serve(dc, rule) && !dc.kdc_silent; });
  if (is_served || !forget_suspect_answers(realm, dcs)) co_return dcs;
  dcs = co_await look_once(std::move(realm), std::move(site), rule, std::move(refused));
  co_return dcs;
}

asio::awaitable<std::vector<DcFacts>> LevelSearch::look_once(std::string realm, std::string site, ChoiceRule rule,
                                                             std::vector<ControllerAddress> refused) {
  const DcList list = co_await controllers_->list(realm, std::move(site));
  std::vector<DcFacts> dcs;
  for (std::size_t start = 0; start < list.controllers.size(); start += kPingsTogether) {
    const auto first = list.controllers.begin() + static_cast<std::ptrdiff_t>(start);
    const auto count = std::min(kPingsTogether, list.controllers.size() - start);
    const std::vector<ControllerAddress> batch(first, first + static_cast<std::ptrdiff_t>(count));
    co_await ping_batch(realm, batch, rule);
    bool is_served = false;
    for (const ControllerAddress& where : batch) {
      DcFacts dc = controllers_->facts(realm, where);
      dc.refused = is_among(refused, where);
      is_served = is_served || is_known_to_serve(dc, rule);
      dcs.push_back(std::move(dc));
    }
    if (is_served) break;
  }
  co_return dcs;
}

asio::awaitable<void> LevelSearch::ping_batch(std::string realm, std::vector<ControllerAddress> batch,
                                              ChoiceRule rule) {
  const PingCache& pings = controllers_->pings();
  PingRound round;
  round.timeout = controllers_->options().ping_timeout;
  round.grace = kGrace;
  for (const ControllerAddress& where : batch) {
    const PingTarget target{realm, where};
    round.known.push_back(pings.is_fresh(target) ? std::optional(pings.find(target)->outcome) : std::nullopt);
    round.targets.push_back(target);
  }
  round.enough = [batch, rule](const PingAnswers& answers) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (answers[i] && is_known_to_serve(dc_facts(batch[i], *answers[i]), rule)) return Enough::after_grace;
    }
    return Enough::no;
  };
  const PingAnswers answers = co_await run_ping_round(executor_, controllers_->shared_pings(), std::move(round));
}

bool LevelSearch::forget_suspect_answers(const std::string& realm, const std::vector<DcFacts>& dcs) {
  PingCache& pings = controllers_->pings();
  bool any = false;
  for (const DcFacts& dc : dcs) {
    const PingTarget target{realm, dc.where};
    const PingCache::Entry* entry = pings.find(target);
    const bool is_suspect = !dc.refused && entry != nullptr && entry->outcome.answer != PingAnswer::silent &&
                            pings.age_of(*entry) >= kSuspectAfter;
    if (is_suspect) pings.forget(target);
    any = any || is_suspect;
  }
  return any;
}

asio::awaitable<DcLevel> LevelSearch::level_of(std::string realm, ControllerAddress controller) {
  PingCache& pings = controllers_->pings();
  const PingTarget target{realm, controller};
  std::optional<PingCache::Entry> before;
  const PingCache::Entry* entry = pings.find(target);
  if (entry != nullptr && entry->outcome.answer == PingAnswer::ok && pings.age_of(*entry) >= kSuspectAfter) {
    before = *entry;
    pings.forget(target);
  }
  if (!pings.is_fresh(target)) {
    const PingOutcome outcome = co_await pings.ping(target, controllers_->options().ping_timeout);
    if (before && outcome.answer == PingAnswer::silent) pings.put(target, std::move(*before));
  }
  co_return controllers_->facts(realm, controller).level;
}

}  // namespace stead
