#pragma once
// DCs of a realm that meet a rule: a level, DS_FLAGs, a site. Realms are in upper case. Works on one executor; its
// coroutines need it, and whoever owns it, to stay alive.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/locate/realm_controllers.h"

namespace stead {

class LevelSearch {
 public:
  LevelSearch(boost::asio::any_io_executor executor, std::shared_ptr<RealmControllers> controllers)
      : executor_(std::move(executor)), controllers_(std::move(controllers)) {}

  // Pings the realm's DCs, some at a time, until one serves the rule; returns all that were looked at. If none serves
  // by its last answer, or those that do are silent, the DCs are asked again: one may have been raised or resumed.
  [[nodiscard]] boost::asio::awaitable<std::vector<DcFacts>> look(std::string realm, std::string site, ChoiceRule rule,
                                                                  std::vector<ControllerAddress> refused);
  // See DcLocator::level_of.
  [[nodiscard]] boost::asio::awaitable<DcLevel> level_of(std::string realm, ControllerAddress controller);

 private:
  [[nodiscard]] boost::asio::awaitable<std::vector<DcFacts>> look_once(std::string realm, std::string site,
                                                                       ChoiceRule rule,
                                                                       std::vector<ControllerAddress> refused);
  // Pings those without a fresh answer, until one serves the rule.
  [[nodiscard]] boost::asio::awaitable<void> ping_batch(std::string realm, std::vector<ControllerAddress> batch,
                                                        ChoiceRule rule);
  // Forgets answers older than kSuspectAfter; false if there was none.
  bool forget_suspect_answers(const std::string& realm, const std::vector<DcFacts>& dcs);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<RealmControllers> controllers_;
};

}  // namespace stead
