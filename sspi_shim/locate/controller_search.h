#pragma once
// Finds a DC by ControllerRequirements, as DsGetDcName does (MS-NRPC §3.5.4.3.1): pings the domain's controllers, and
// takes the first answer that satisfies the wish. With ds_flag::gc the controllers are those of the whole forest.
// Works on one executor; its coroutines need it, and whoever owns it, to stay alive.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/locate/controller_wish.h"
#include "sspi_shim/locate/ping_round.h"
#include "sspi_shim/locate/realm_controllers.h"

namespace stead {

class ControllerSearch {
 public:
  ControllerSearch(boost::asio::any_io_executor executor, std::shared_ptr<RealmControllers> controllers,
                   LocatorTimes times);
  // See DcLocator::find_controller.
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find(ControllerWish wish);

 private:
  using Found = boost::asio::awaitable<Result<FoundController>>;
  using Targets = boost::asio::awaitable<std::vector<PingTarget>>;
  struct Failure {
    Error error;
    std::chrono::steady_clock::time_point until;
  };
  [[nodiscard]] Found find_by_name(ControllerWish wish, std::string realm);
  [[nodiscard]] Found find_by_guid(ControllerWish wish);
  [[nodiscard]] Found find_in_realm(ControllerWish wish, std::string realm);
  [[nodiscard]] Found find_global_catalog(ControllerWish wish, std::string realm);
  [[nodiscard]] Found find_global_catalog_by_guid(ControllerWish wish);
  [[nodiscard]] Found find_among(ControllerWish wish, std::vector<PingTarget> targets);
  [[nodiscard]] Targets global_catalogs(std::string forest, std::string site, bool fresh);
  [[nodiscard]] Targets configured_controllers(std::string first);
  [[nodiscard]] Found with_kerberos_port(Result<FoundController> found);
  [[nodiscard]] std::optional<PingOutcome> known_answer(const PingTarget& target, const ControllerWish& wish) const;
  [[nodiscard]] std::optional<Error> recent_failure(const std::string& key, const ControllerWish& wish) const;
  void remember(const std::string& key, const Result<FoundController>& result);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<RealmControllers> controllers_;
  LocatorTimes times_;
  std::map<std::string, Failure> failures_;  // by realm and wish
};

}  // namespace stead
