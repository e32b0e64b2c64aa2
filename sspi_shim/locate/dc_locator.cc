#include "sspi_shim/locate/dc_locator.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <set>

#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/locate/dc_discovery.h"
#include "sspi_shim/locate/kdc_probe.h"
#include "sspi_shim/locate/realm_proxy.h"

namespace stead {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::minutes kPingLife{30};
constexpr std::chrono::hours kPreferredLife{12};
constexpr std::chrono::seconds kFailureLife{45}, kSilentFor{60};
constexpr std::chrono::seconds kUnansweredLife{1};  // until DNS that gave no answer is asked again
constexpr std::chrono::seconds kDoubtAfter{2};  // answers by which no DC serves are asked for again, if they are older
constexpr std::chrono::milliseconds kGrace{150};  // for slower DCs, once one that serves has answered
constexpr std::size_t kPingsTogether = 10;

class Locator final : public DcLocator, public std::enable_shared_from_this<Locator> {
 public:
  Locator(asio::any_io_executor executor, LocatorOptions options)
      : executor_(std::move(executor)), options_(std::move(options)) {}

  asio::awaitable<std::vector<KnownController>> controllers(std::string realm) override {
    std::string site = site_of(to_upper(realm));
    std::vector<KnownController> out = co_await controllers_of_site(std::move(realm), std::move(site));
    co_return out;
  }

  asio::awaitable<std::vector<KnownController>> controllers_of_site(std::string realm, std::string site) override {
    realm = to_upper(realm);
    const DcList list = co_await list_of(realm, std::move(site));
    std::vector<KnownController> out;
    for (const ControllerAddress& where : list.controllers) {
      const DcFacts dc = facts(realm, where);
      out.push_back({dc.where, dc.level});
    }
    std::stable_partition(out.begin(), out.end(), [&](const KnownController& dc) {
      return !is_silent(dc.where) && !is_paused(realm, dc.where);
    });
    co_return out;
  }

  asio::awaitable<std::vector<KnownController>> global_catalogs(std::string forest, std::string site) override {
    const std::string realm = to_upper(forest);
    if (site.empty()) site = site_of(realm);
    Discovery discovery = [forest, site](std::shared_ptr<DnsResolver> dns) {
      return discover_global_catalogs(std::move(dns), forest, site);
    };
    std::vector<KnownController> out = co_await of_forest(realm, realm + '\n' + site + "\ngc", std::move(discovery));
    co_return out;
  }

  asio::awaitable<std::vector<KnownController>> controllers_by_guid(std::string forest, std::string guid) override {
    const std::string realm = to_upper(forest);
    Discovery discovery = [forest, guid](std::shared_ptr<DnsResolver> dns) {
      return discover_by_guid(std::move(dns), forest, guid);
    };
    std::vector<KnownController> out = co_await of_forest(realm, realm + "\n\n" + guid, std::move(discovery));
    co_return out;
  }

  [[nodiscard]] std::vector<std::string> configured_realms() const override {
    std::vector<std::string> out;
    for (const auto& [realm, controllers] : options_.realms) out.push_back(realm);
    return out;
  }

  asio::awaitable<DcLevel> level_of(std::string realm, ControllerAddress controller) override {
    realm = to_upper(realm);
    const std::string key = ping_key(realm, controller);
    const auto known = pings_.find(key);
    std::optional<Pinged> before;
    if (known != pings_.end() && known->second.outcome.answer == PingAnswer::ok &&
        Clock::now() >= known->second.since + kDoubtAfter) {
      before = std::move(known->second);
      pings_.erase(known);
    }
    const std::vector<ControllerAddress> one(1, controller);
    co_await ping_all(realm, one, std::nullopt);
    const auto now = pings_.find(key);
    const bool answered = now != pings_.end() && now->second.outcome.answer != PingAnswer::silent;
    if (before && !answered) pings_[key] = std::move(*before);
    co_return facts(realm, controller).level;
  }

  asio::awaitable<Found> find(std::string realm, DcLevel level, std::vector<ControllerAddress> refused) override {
    realm = to_upper(realm);
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      // The relay looks for it, and does not say whom it found.
      Found behind;
      behind.usable.push_back({controller_behind(*proxy), DcLevel::unknown});
      co_return behind;
    }
    const ChoiceRule rule{level, options_.site, !is_configured(realm)};
    const std::vector<DcFacts> dcs = co_await look_around(realm, site_of(realm), rule, std::move(refused));
    Found found;
    for (const DcFacts& dc : dcs) found.seen.push_back(seen_controller(dc, rule));
    for (const std::size_t i : choose_controllers(dcs, rule)) found.usable.push_back({dcs[i].where, dcs[i].level});
    candidates_[{realm, level}] = found.usable;
    co_return found;
  }

  asio::awaitable<Found> find_writable(std::string realm, std::vector<ControllerAddress> refused) override {
    realm = to_upper(realm);
    const ChoiceRule rule{DcLevel::unknown, options_.site, !is_configured(realm), ds_flag::writable};
    const std::vector<DcFacts> dcs = co_await look_around(realm, site_of(realm), rule, std::move(refused));
    Found found;
    for (const DcFacts& dc : dcs) found.seen.push_back(seen_controller(dc, rule));
    for (const std::size_t i : choose_controllers(dcs, rule)) {
      if (dcs[i].answer == PingAnswer::ok) found.usable.push_back({dcs[i].where, dcs[i].level});
    }
    co_return found;
  }

  asio::awaitable<Result<LocatedController>> locate(std::string realm, DcLevel level, std::string site) override {
    realm = to_upper(realm);
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) {
      LocatedController behind;
      behind.realm = realm;
      behind.controller = controller_behind(*proxy);
      behind.level = to_string(DcLevel::unknown);
      behind.why = "the controllers of " + realm + " are behind " + proxy->url;
      co_return behind;
    }
    const ChoiceRule rule{level, site.empty() ? options_.site : site, !is_configured(realm)};
    const std::string list_site = rule.site.empty() ? site_of(realm) : rule.site;
    const std::vector<ControllerAddress> none_refused;
    const std::vector<DcFacts> dcs = co_await look_around(realm, list_site, rule, none_refused);
    if (dcs.empty()) {
      const DcList list = co_await list_of(realm, list_site);
      co_return list.error ? list.error : make_error_code(asio::error::host_not_found);
    }
    LocatedController located;
    located.realm = realm;
    bool any_answer = false;
    for (const DcFacts& dc : dcs) {
      located.seen.push_back(seen_controller(dc, rule));
      any_answer = any_answer || dc.answer != PingAnswer::silent;
    }
    for (const std::size_t i : choose_controllers(dcs, rule)) {
      const DcFacts& dc = dcs[i];
      if (dc.answer == PingAnswer::silent) {
        const bool there = co_await kdc_answers(executor_, dc.where, realm, options_.ping_timeout);
        if (!there) continue;
      }
      located.controller = dc.where;
      located.level = to_string(dc.level);
      located.site = dc.site;
      located.flags = dc.flags;
      located.why = why(realm, dc, rule);
      co_return located;
    }
    if (any_answer) co_return make_error_code(asio::error::not_found);
    co_return make_error_code(asio::error::timed_out);
  }

  void mark_silent(const ControllerAddress& controller) override {
    const bool before = is_silent(controller);
    silent_until_[address_text(controller)] = Clock::now() + kSilentFor;
    if (!before) tell_health(controller, "silent");
  }

  void mark_alive(const ControllerAddress& controller) override {
    if (silent_until_.erase(address_text(controller)) != 0) tell_health(controller, "alive");
    for (const auto& [wanted, list] : candidates_) {
      for (const KnownController& dc : list) {
        if (dc.level != DcLevel::unknown && address_text(dc.where) == address_text(controller)) served_[wanted] = dc;
      }
    }
  }

  std::optional<KnownController> preferred(const std::string& realm, DcLevel level) override {
    const auto found = served_.find({to_upper(realm), level});
    if (found == served_.end() || is_silent(found->second.where)) return std::nullopt;
    const auto ping = pings_.find(ping_key(found->first.first, found->second.where));
    if (ping == pings_.end() || ping->second.outcome.answer != PingAnswer::ok ||
        Clock::now() > ping->second.since + kPreferredLife) {
      return std::nullopt;
    }
    return found->second;
  }

  [[nodiscard]] std::uint64_t pings() const override { return ping_count_; }

  void forget(const std::string& realm) override {
    const std::string name = to_upper(realm);
    std::erase_if(lists_, [&](const auto& entry) { return entry.first.starts_with(name + '\n'); });
    std::erase_if(pings_, [&](const auto& entry) { return entry.first.starts_with(name + ' '); });
  }

  void on_health(Health told) override { health_ = std::move(told); }

 private:
  struct Pinged {
    PingOutcome outcome;
    Clock::time_point since;
  };
  struct Listed {
    DcList list;
    Clock::time_point until;
    bool overdue = false;  // DNS gave no answer the last time: the list is the one before
  };
  using Discovery = std::function<asio::awaitable<DcList>(std::shared_ptr<DnsResolver>)>;
  // Somebody who waits until a ping or a list is there.
  struct Waiter {
    explicit Waiter(Locator& locator) : owner(locator.shared_from_this()), wake(locator.executor_) {
      at = owner->waiters_.insert(owner->waiters_.end(), &wake);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { owner->waiters_.erase(at); }
    std::shared_ptr<Locator> owner;
    asio::steady_timer wake;
    std::list<asio::steady_timer*>::iterator at;
  };

  static std::string ping_key(const std::string& realm, const ControllerAddress& where) {
    return realm + ' ' + where.address + ' ' + std::to_string(where.ldap_port);
  }
  [[nodiscard]] bool is_configured(const std::string& realm) const { return options_.realms.contains(realm); }
  [[nodiscard]] std::string site_of(const std::string& realm) const {
    if (!options_.site.empty()) return options_.site;
    const auto learned = sites_.find(realm);
    return learned == sites_.end() ? std::string() : learned->second;
  }
  [[nodiscard]] bool is_silent(const ControllerAddress& where) const {
    const auto found = silent_until_.find(address_text(where));
    return found != silent_until_.end() && Clock::now() < found->second;
  }
  [[nodiscard]] bool is_fresh(const std::string& key) const {
    const auto found = pings_.find(key);
    if (found == pings_.end()) return false;
    const Clock::duration life =
        found->second.outcome.answer == PingAnswer::ok ? Clock::duration(kPingLife) : Clock::duration(kFailureLife);
    return Clock::now() < found->second.since + life;
  }

  // Said so at the last ping. One is sent again in time, without waiting for it: it may have been resumed.
  [[nodiscard]] bool is_paused(const std::string& realm, const ControllerAddress& where) {
    const std::string key = ping_key(realm, where);
    const auto found = pings_.find(key);
    if (found == pings_.end() || found->second.outcome.answer != PingAnswer::paused) return false;
    if (!is_fresh(key) && under_way_.insert(key).second)
      asio::co_spawn(executor_, ping(shared_from_this(), key, realm, where), asio::detached);
    return true;
  }

  [[nodiscard]] DcFacts facts(const std::string& realm, const ControllerAddress& where) const {
    DcFacts dc;
    dc.where = where;
    dc.kdc_silent = is_silent(where);
    const auto found = pings_.find(ping_key(realm, where));
    if (found == pings_.end()) return dc;
    const NetlogonResponse& response = found->second.outcome.response;
    dc.answer = found->second.outcome.answer;
    if (dc.where.name.empty()) dc.where.name = response.dns_host_name;
    if (dc.answer != PingAnswer::ok) return dc;
    dc.flags = response.flags;
    dc.level = stead::level_of(response.flags);
    dc.site = response.dc_site_name;
    return dc;
  }

  // What is known of its level is looked for among the pings of any realm.
  void tell_health(const ControllerAddress& where, const char* state) {
    if (!health_) return;
    KnownController controller{where, DcLevel::unknown};
    const std::string own = ' ' + where.address + ' ' + std::to_string(where.ldap_port);
    for (const auto& [key, pinged] : pings_) {
      if (key.ends_with(own) && pinged.outcome.answer == PingAnswer::ok)
        controller.level = stead::level_of(pinged.outcome.response.flags);
    }
    health_(controller, state);
  }

  void landed(const std::string& key) {
    under_way_.erase(key);
    for (asio::steady_timer* wake : waiters_) wake->cancel();
  }

  // Waits for the next landing, at most until `until`. False: the caller was cancelled.
  asio::awaitable<bool> next_landing(Waiter& waiter, Clock::time_point until) {
    waiter.wake.expires_at(until);
    co_await waiter.wake.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() == asio::cancellation_type::none;
  }

  asio::awaitable<DcList> list_of(std::string realm, std::string site) {
    if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) co_return DcList{{controller_behind(*proxy)}, {}, {}};
    const auto configured = options_.realms.find(realm);
    if (configured != options_.realms.end()) co_return DcList{configured->second, {}, {}};
    Discovery discovery = [realm, site](std::shared_ptr<DnsResolver> dns) {
      return discover_controllers(std::move(dns), realm, site);
    };
    DcList out = co_await listed(realm + '\n' + site, std::move(discovery));
    co_return out;
  }

  asio::awaitable<std::vector<KnownController>> of_forest(std::string root, std::string key, Discovery discovery) {
    std::vector<KnownController> out;
    if (is_configured(root) || kdc_proxy_of(options_, root) != nullptr) co_return out;
    const DcList list = co_await listed(std::move(key), std::move(discovery));
    for (const ControllerAddress& where : list.controllers) out.push_back({where, DcLevel::unknown});
    co_return out;
  }

  // What DNS says, once for all who ask.
  asio::awaitable<DcList> listed(std::string key, Discovery discovery) {
    Waiter waiter(*this);
    for (;;) {
      const auto found = lists_.find(key);
      if (found != lists_.end() && Clock::now() < found->second.until) co_return found->second.list;
      if (under_way_.insert(key).second)
        asio::co_spawn(executor_, discover(shared_from_this(), key, discovery), asio::detached);
      if (found != lists_.end() && found->second.overdue) co_return found->second.list;
      const bool go_on = co_await next_landing(waiter, Clock::time_point::max());
      if (!go_on) co_return DcList{{}, make_error_code(asio::error::operation_aborted), {}};
    }
  }

  static asio::awaitable<void> discover(std::shared_ptr<Locator> self, std::string key, Discovery discovery) {
    DcList list;
    if (!self->dns_) {
      auto made = make_dns_resolver(self->executor_, self->options_.nameservers);
      if (made) self->dns_ = *made;
      if (!made) list.error = made.error();
    }
    if (self->dns_) list = co_await discovery(self->dns_);
    Listed& kept = self->lists_[key];
    if (list.controllers.empty() && list.error != asio::error::host_not_found) {
      // DNS gave no answer: what it said before stands, and it is asked again soon.
      kept.overdue = !kept.list.controllers.empty();
      if (!kept.overdue) kept.list = std::move(list);
      kept.until = Clock::now() + kUnansweredLife;
    } else {
      const auto life = list.controllers.empty() ? kFailureLife : list.life;
      kept = {std::move(list), Clock::now() + life};
    }
    self->landed(key);
  }

  static asio::awaitable<void> ping(std::shared_ptr<Locator> self, std::string key, std::string realm,
                                    ControllerAddress where) {
    ++self->ping_count_;
    PingOutcome outcome = co_await netlogon_ping(self->executor_, where, realm, self->options_.ping_timeout);
    const NetlogonResponse& response = outcome.response;
    if (outcome.answer == PingAnswer::ok && !response.client_site_name.empty())
      self->sites_[realm] = response.client_site_name;
    const auto known = self->pings_.find(key);
    const bool was_paused = known != self->pings_.end() && known->second.outcome.answer == PingAnswer::paused;
    const bool resumed = was_paused && outcome.answer == PingAnswer::ok,
               paused = !was_paused && outcome.answer == PingAnswer::paused;
    self->pings_[key] = {std::move(outcome), Clock::now()};
    if (paused || resumed) self->tell_health(where, paused ? "paused" : "alive");
    self->landed(key);
  }

  // Every one of these has answered, or had its time. Ends early where `rule` is given and one serves it.
  asio::awaitable<void> ping_all(std::string realm, std::vector<ControllerAddress> all,
                                 std::optional<ChoiceRule> rule) {
    for (const ControllerAddress& where : all) {
      const std::string key = ping_key(realm, where);
      if (is_fresh(key) || !under_way_.insert(key).second) continue;
      asio::co_spawn(executor_, ping(shared_from_this(), key, realm, where), asio::detached);
    }
    Waiter waiter(*this);
    Clock::time_point until = Clock::time_point::max();
    for (;;) {
      bool waiting = false, served = false;
      for (const ControllerAddress& where : all) {
        waiting = waiting || under_way_.contains(ping_key(realm, where));
        served = served || (rule && is_known_to_serve(facts(realm, where), *rule));
      }
      if (!waiting || Clock::now() >= until) co_return;
      if (served) until = std::min(until, Clock::now() + kGrace);
      const bool go_on = co_await next_landing(waiter, until);
      if (!go_on) co_return;
    }
  }

  // Pings the realm's DCs, some at a time, until one serves the rule. Where none does by what they once said, or those
  // that do have fallen silent, they are asked anew: a DC may have been raised or resumed since.
  asio::awaitable<std::vector<DcFacts>> look_around(std::string realm, std::string site, ChoiceRule rule,
                                                    std::vector<ControllerAddress> refused) {
    std::vector<DcFacts> dcs = co_await look_once(realm, site, rule, refused);
    const bool served = std::any_of(dcs.begin(), dcs.end(),
                                    [&](const DcFacts& dc) { return is_known_to_serve(dc, rule) && !dc.kdc_silent; });
    if (served || !doubt(realm, dcs)) co_return dcs;
    dcs = co_await look_once(std::move(realm), std::move(site), rule, std::move(refused));
    co_return dcs;
  }

  // Forgets what those have said some time ago that did answer; false where there was nothing to forget.
  bool doubt(const std::string& realm, const std::vector<DcFacts>& dcs) {
    bool any = false;
    for (const DcFacts& dc : dcs) {
      const auto found = pings_.find(ping_key(realm, dc.where));
      if (dc.refused || found == pings_.end() || found->second.outcome.answer == PingAnswer::silent ||
          Clock::now() < found->second.since + kDoubtAfter)
        continue;
      pings_.erase(found);
      any = true;
    }
    return any;
  }

  asio::awaitable<std::vector<DcFacts>> look_once(std::string realm, std::string site, ChoiceRule rule,
                                                  std::vector<ControllerAddress> refused) {
    const DcList list = co_await list_of(realm, site);
    std::vector<DcFacts> dcs;
    for (std::size_t start = 0; start < list.controllers.size(); start += kPingsTogether) {
      const auto first = list.controllers.begin() + static_cast<std::ptrdiff_t>(start);
      const auto count = std::min(kPingsTogether, list.controllers.size() - start);
      const std::vector<ControllerAddress> batch(first, first + static_cast<std::ptrdiff_t>(count));
      co_await ping_all(realm, batch, rule);
      bool served = false;
      for (const ControllerAddress& where : batch) {
        DcFacts dc = facts(realm, where);
        dc.refused = std::any_of(refused.begin(), refused.end(), [&](const ControllerAddress& other) {
          return address_text(other) == address_text(where);
        });
        served = served || is_known_to_serve(dc, rule);
        dcs.push_back(std::move(dc));
      }
      if (served) break;
    }
    co_return dcs;
  }

  [[nodiscard]] std::string why(const std::string& realm, const DcFacts& dc, const ChoiceRule& rule) const {
    std::string text = is_configured(realm) ? "the first controller of " + realm + " in the configuration's order"
                                            : "the first controller of " + realm + " by DNS priority and weight";
    if (dc.answer == PingAnswer::silent) {
      text += rule.at_least == DcLevel::unknown
                  ? " whose KDC answers"
                  : " whose KDC answers, none being known to be " + std::string(to_string(rule.at_least)) + " or later";
      return text + "; it answers no ping, so its level is unknown";
    }
    text += rule.at_least == DcLevel::unknown ? " that answers"
                                              : " that is " + std::string(to_string(rule.at_least)) + " or later";
    if (!rule.site.empty()) {
      text +=
          equal_ignoring_case(dc.site, rule.site) ? ", in site " + rule.site : "; none answers in site " + rule.site;
    } else if (rule.closest_first && (dc.flags & ds_flag::closest) != 0) {
      text += ", in our site";
    }
    return text;
  }

  asio::any_io_executor executor_;
  LocatorOptions options_;
  std::shared_ptr<DnsResolver> dns_;     // made at first use
  std::map<std::string, Listed> lists_;  // by realm and site
  std::map<std::string, Pinged> pings_;
  std::map<std::string, std::string> sites_;  // our site, as a DC of the realm told it
  std::map<std::string, Clock::time_point> silent_until_;
  std::map<std::pair<std::string, DcLevel>, std::vector<KnownController>> candidates_;
  std::map<std::pair<std::string, DcLevel>, KnownController> served_;
  std::set<std::string> under_way_;
  std::list<asio::steady_timer*> waiters_;
  std::atomic<std::uint64_t> ping_count_{0};
  Health health_;
};

}  // namespace

asio::awaitable<std::vector<KnownController>> DcLocator::controllers_of_site(std::string realm, std::string) {
  std::vector<KnownController> out = co_await controllers(std::move(realm));
  co_return out;
}
asio::awaitable<std::vector<KnownController>> DcLocator::global_catalogs(std::string, std::string) {
  co_return std::vector<KnownController>();
}
asio::awaitable<std::vector<KnownController>> DcLocator::controllers_by_guid(std::string, std::string) {
  co_return std::vector<KnownController>();
}
asio::awaitable<DcLocator::Found> DcLocator::find_writable(std::string realm, std::vector<ControllerAddress> refused) {
  Found out = co_await find(std::move(realm), DcLevel::unknown, std::move(refused));
  co_return out;
}
void DcLocator::forget(const std::string&) {}
void DcLocator::on_health(Health) {}

std::shared_ptr<DcLocator> make_dc_locator(asio::any_io_executor executor, LocatorOptions options) {
  std::map<std::string, std::vector<ControllerAddress>> realms;
  for (auto& [realm, controllers] : options.realms) realms[to_upper(realm)] = std::move(controllers);
  options.realms = std::move(realms);
  return std::make_shared<Locator>(std::move(executor), std::move(options));
}

}  // namespace stead
