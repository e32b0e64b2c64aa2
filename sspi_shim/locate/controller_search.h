#pragma once
// A DC that has what DsGetDcName was asked for (MS-NRPC §3.5.4.3.1): the domain's controllers are pinged, and the first
// answer that will do wins. Where a global catalog is required they are the forest's, of whatever domain. What a DC
// answered holds for 15 minutes, that none will do for 45 seconds.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "stead/locator.h"

namespace stead {

class DcLocator;

struct ControllerWish {
  std::vector<std::string> realms;  // one, or where `netbios` is given all that may have this flat name
  std::string netbios;
  std::string site;  // a DC of this site only; empty: any
  DcLevel at_least = DcLevel::unknown;
  std::uint32_t required = 0;      // ds_flag, all of them; with ds_flag::gc a DC of the domain's forest
  std::uint32_t required_any = 0;  // ds_flag, one of them; 0: none
  std::uint32_t preferred = 0;     // ds_flag: a DC that has them goes before others
  bool near = false;               // a DC of our site goes before one of the next closest site, that before others
  bool fresh = false;              // no cache
  bool background = false;         // what is cached is good however old it is
  std::string forest;              // a DC of this forest only (its DNS name); empty: any
  // The domain's GUID. A DC that has another is not of the domain; where `realms` give none, the domain is looked for
  // by its GUID, in the forest of `home` or among the controllers of a configuration.
  std::optional<std::array<std::uint8_t, 16>> domain_guid{};
  std::string home{};  // our realm
  std::chrono::milliseconds timeout{1000};
};

struct FoundController {
  std::string realm;
  ControllerAddress where;
  NetlogonResponse response;
  std::vector<SeenController> seen;  // all that were looked at
};

// Works on one executor. Its searches keep it alive.
class ControllerSearch : public std::enable_shared_from_this<ControllerSearch> {
 public:
  ControllerSearch(boost::asio::any_io_executor executor, std::shared_ptr<DcLocator> locator);
  // host_not_found: no DC of the domain is known; timed_out: none answers; not_found: none has what was asked for.
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find(ControllerWish wish);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Round;
  struct Answered {
    NetlogonResponse response;
    Time since;
  };
  struct Failed {
    Error error;
    Time until;
  };
  // Somebody to ping, as a DC of this domain; where it is empty, of its own.
  struct Candidate {
    ControllerAddress where;
    std::string domain;
  };
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find_by_name(ControllerWish wish, std::string realm);
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find_by_guid(ControllerWish wish);
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find_in(ControllerWish wish, std::string realm);
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find_global_catalog(ControllerWish wish,
                                                                                    std::string realm);
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> find_among(ControllerWish wish,
                                                                           std::vector<Candidate> candidates);
  [[nodiscard]] boost::asio::awaitable<std::vector<Candidate>> global_catalogs(std::string forest, std::string site,
                                                                               bool fresh);
  [[nodiscard]] boost::asio::awaitable<std::vector<Candidate>> configured_controllers(std::string first);
  [[nodiscard]] boost::asio::awaitable<Result<FoundController>> with_kerberos_port(Result<FoundController> found);
  [[nodiscard]] bool is_configured(const std::string& realm) const;
  [[nodiscard]] std::optional<Error> failed_lately(const std::string& key, const ControllerWish& wish) const;
  void remember(const std::string& key, const Result<FoundController>& result);
  [[nodiscard]] static boost::asio::awaitable<void> ping(std::shared_ptr<ControllerSearch> self,
                                                         std::shared_ptr<Round> round, std::size_t index,
                                                         std::chrono::milliseconds timeout);
  void fill_from_memory(Round& round, const ControllerWish& wish) const;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<DcLocator> locator_;
  std::map<std::string, Answered> answers_;  // by the domain pinged for and address
  std::map<std::string, Failed> failures_;   // by domain and wish
};

[[nodiscard]] bool satisfies(const NetlogonResponse& response, const ControllerWish& wish);

// Of the DCs that answered the one to take: of those that will do the one that has most of what is preferred, else the
// first. `best_there_is`: none that may yet answer would be better. Nothing: none will do.
[[nodiscard]] std::optional<std::size_t> choose_controller(
    const std::vector<std::optional<NetlogonResponse>>& responses, const ControllerWish& wish, bool& best_there_is);

}  // namespace stead
