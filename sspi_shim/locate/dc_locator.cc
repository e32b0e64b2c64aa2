#include "sspi_shim/locate/dc_locator.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/bounded_table.h"
#include "sspi_shim/locate/controller_search.h"
#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/locate/level_search.h"
#include "sspi_shim/locate/ping/kdc_probe.h"
#include "sspi_shim/locate/realm_controllers.h"
#include "sspi_shim/locate/realm_proxy.h"

namespace stead {
namespace asio = boost::asio;

namespace {

std::string why_chosen(const std::string& first_of, const DcFacts& dc, const ChoiceRule& rule) {
  const bool any_level = rule.at_least == DcLevel::unknown;
  const std::string level(to_string(rule.at_least));
  if (dc.answer == PingAnswer::silent) {
    return first_of +
           (any_level ? " whose KDC answers" : " whose KDC answers, none being known to be " + level + " or later") +
           "; it answers no ping, so its level is unknown";
  }
  std::string text = first_of + (any_level ? " that answers" : " that is " + level + " or later");
  if (!rule.site.empty()) {
    const bool is_there = equal_ignoring_case(dc.site, rule.site);
    text += is_there ? ", in site " + rule.site : "; none answers in site " + rule.site;
  } else if (rule.closest_first && (dc.flags & ds_flag::closest) != 0) {
    text += ", in our site";
  }
  return text;
}

std::vector<SeenController> seen_of(const std::vector<DcFacts>& dcs, const ChoiceRule& rule) {
  std::vector<SeenController> out;
  for (const DcFacts& dc : dcs) out.push_back(seen_controller(dc, rule));
  return out;
}

LocatedController located_behind(const KdcProxy& proxy, const std::string& realm) {
  LocatedController out;
  out.realm = realm;
  out.controller = controller_behind(proxy);
  out.level = to_string(DcLevel::unknown);
  out.why = "the controllers of " + realm + " are behind " + proxy.url;
  return out;
}

class Locator final : public DcLocator, public std::enable_shared_from_this<Locator> {
 public:
  Locator(asio::any_io_executor executor, LocatorOptions options, LocatorTimes times)
      : executor_(executor),
        controllers_(std::make_shared<RealmControllers>(executor, std::move(options), times)),
        level_search_(executor, controllers_),
        controller_search_(executor, controllers_, std::move(times)) {}

  asio::awaitable<std::vector<KnownController>> controllers(std::string realm) override {
    const auto self = shared_from_this();
    realm = to_upper(realm);
    std::string site = controllers_->site_of(realm);
    std::vector<KnownController> out = co_await controllers_->of_realm(std::move(realm), std::move(site));
    co_return out;
  }

  asio::awaitable<DcLevel> level_of(std::string realm, ControllerAddress controller) override {
    const auto self = shared_from_this();
    realm = to_upper(realm);
    const DcLevel level = co_await level_search_.level_of(std::move(realm), std::move(controller));
    co_return level;
  }

  asio::awaitable<Found> find(std::string realm, DcLevel level, std::vector<ControllerAddress> refused) override {
    const auto self = shared_from_this();
    realm = to_upper(realm);
    if (const KdcProxy* proxy = proxy_of(realm)) {
      // The KDC proxy looks for the DC, and does not say which one it found.
      Found behind;
      behind.usable.push_back({controller_behind(*proxy), DcLevel::unknown});
      co_return behind;
    }
    const ChoiceRule rule = rule_for(realm, level, options().site);
    std::string site = controllers_->site_of(realm);
    const std::vector<DcFacts> dcs = co_await level_search_.look(realm, std::move(site), rule, std::move(refused));
    Found found;
    found.seen = seen_of(dcs, rule);
    for (const std::size_t i : choose_controllers(dcs, rule)) found.usable.push_back({dcs[i].where, dcs[i].level});
    const RealmLevel wanted{realm, level};
    make_room(candidates_, wanted);
    candidates_[wanted] = found.usable;
    co_return found;
  }

  asio::awaitable<Found> find_writable(std::string realm, std::vector<ControllerAddress> refused) override {
    const auto self = shared_from_this();
    realm = to_upper(realm);
    ChoiceRule rule = rule_for(realm, DcLevel::unknown, options().site);
    rule.required = ds_flag::writable;
    std::string site = controllers_->site_of(realm);
    const std::vector<DcFacts> dcs = co_await level_search_.look(realm, std::move(site), rule, std::move(refused));
    Found found;
    found.seen = seen_of(dcs, rule);
    for (const std::size_t i : choose_controllers(dcs, rule)) {
      if (dcs[i].answer == PingAnswer::ok) found.usable.push_back({dcs[i].where, dcs[i].level});
    }
    co_return found;
  }

  asio::awaitable<Result<LocatedController>> locate(std::string realm, DcLevel level, std::string site) override {
    const auto self = shared_from_this();
    realm = to_upper(realm);
    if (const KdcProxy* proxy = proxy_of(realm)) co_return located_behind(*proxy, realm);
    const ChoiceRule rule = rule_for(realm, level, site.empty() ? options().site : site);
    const std::string list_site = rule.site.empty() ? controllers_->site_of(realm) : rule.site;
    std::vector<ControllerAddress> none_refused;
    const std::vector<DcFacts> dcs = co_await level_search_.look(realm, list_site, rule, std::move(none_refused));
    if (dcs.empty()) {
      const DcList list = co_await controllers_->list(realm, list_site);
      co_return list.error ? list.error : make_error_code(asio::error::host_not_found);
    }
    for (const std::size_t i : choose_controllers(dcs, rule)) {
      const bool is_there = co_await answers_as_kdc(dcs[i], realm);
      if (!is_there) continue;
      co_return located(realm, dcs[i], dcs, rule);
    }
    const bool any_answer =
        std::any_of(dcs.begin(), dcs.end(), [](const DcFacts& dc) { return dc.answer != PingAnswer::silent; });
    if (any_answer) co_return make_error_code(asio::error::not_found);
    co_return make_error_code(asio::error::timed_out);
  }

  asio::awaitable<Result<FoundController>> find_controller(ControllerWish wish) override {
    const auto self = shared_from_this();
    Result<FoundController> found = co_await controller_search_.find(std::move(wish));
    co_return found;
  }

  void mark_silent(const ControllerAddress& controller) override {
    if (controllers_->health().mark_silent(controller)) report(controller, ControllerState::silent);
  }

  void mark_alive(const ControllerAddress& controller) override {
    if (controllers_->health().mark_alive(controller)) report(controller, ControllerState::alive);
    for (const auto& [wanted, list] : candidates_) {
      for (const KnownController& dc : list) {
        if (dc.level == DcLevel::unknown || address_text(dc.where) != address_text(controller)) continue;
        make_room(served_, wanted);
        served_[wanted] = dc;
      }
    }
  }

  std::optional<KnownController> preferred(const std::string& realm, DcLevel level) override {
    const auto found = served_.find({to_upper(realm), level});
    if (found == served_.end() || controllers_->health().is_silent(found->second.where)) return std::nullopt;
    const PingCache& pings = controllers_->pings();
    const PingCache::Entry* entry = pings.find({found->first.first, found->second.where});
    const bool is_valid =
        entry != nullptr && entry->outcome.answer == PingAnswer::ok && pings.age_of(*entry) <= kPreferredLife;
    return is_valid ? std::optional(found->second) : std::nullopt;
  }

  void forget(const std::string& realm) override { controllers_->forget(to_upper(realm)); }
  void on_health(ControllerHealth::Listener listener) override {
    controllers_->health().on_change(std::move(listener));
  }
  [[nodiscard]] std::uint64_t pings() const override { return controllers_->pings().sent(); }

 private:
  using RealmLevel = std::pair<std::string, DcLevel>;

  [[nodiscard]] const LocatorOptions& options() const { return controllers_->options(); }
  [[nodiscard]] const KdcProxy* proxy_of(const std::string& realm) const { return kdc_proxy_of(options(), realm); }
  [[nodiscard]] ChoiceRule rule_for(const std::string& realm, DcLevel level, const std::string& site) const {
    return {level, site, !controllers_->is_configured(realm)};
  }

  void report(const ControllerAddress& where, ControllerState state) {
    controllers_->health().report({where, controllers_->pings().last_level(where)}, state);
  }

  // A DC that answers no ping may be another kind of KDC.
  asio::awaitable<bool> answers_as_kdc(DcFacts dc, std::string realm) {
    if (dc.answer != PingAnswer::silent) co_return true;
    const bool is_there = co_await kdc_answers(executor_, dc.where, std::move(realm), options().ping_timeout);
    co_return is_there;
  }

  [[nodiscard]] LocatedController located(const std::string& realm, const DcFacts& dc, const std::vector<DcFacts>& all,
                                          const ChoiceRule& rule) const {
    LocatedController out;
    out.realm = realm;
    out.controller = dc.where;
    out.level = to_string(dc.level);
    out.site = dc.site;
    out.flags = dc.flags;
    out.why = why_chosen(
        "the first controller of " + realm +
            (controllers_->is_configured(realm) ? " in the configuration's order" : " by DNS priority and weight"),
        dc, rule);
    out.seen = seen_of(all, rule);
    return out;
  }

  asio::any_io_executor executor_;
  std::shared_ptr<RealmControllers> controllers_;
  LevelSearch level_search_;
  ControllerSearch controller_search_;
  std::map<RealmLevel, std::vector<KnownController>> candidates_;  // the last find() of each
  std::map<RealmLevel, KnownController> served_;
};

}  // namespace

asio::awaitable<DcLocator::Found> DcLocator::find_writable(std::string realm, std::vector<ControllerAddress> refused) {
  Found out = co_await find(std::move(realm), DcLevel::unknown, std::move(refused));
  co_return out;
}
asio::awaitable<Result<FoundController>> DcLocator::find_controller(ControllerWish) {
  co_return make_error_code(asio::error::host_not_found);
}
void DcLocator::forget(const std::string&) {}
void DcLocator::on_health(ControllerHealth::Listener) {}

std::shared_ptr<DcLocator> make_dc_locator(asio::any_io_executor executor, LocatorOptions options, LocatorTimes times) {
  std::map<std::string, std::vector<ControllerAddress>> realms;
  for (auto& [realm, controllers] : options.realms) realms[to_upper(realm)] = std::move(controllers);
  options.realms = std::move(realms);
  return std::make_shared<Locator>(std::move(executor), std::move(options), std::move(times));
}

}  // namespace stead
