#pragma once
// Which DCs a realm has (static list, or SRV records by c-ares), what each says of itself (CLDAP ping), and which of
// them meets a required level: MS-NRPC §3.5.4.3.1 and MS-ADTS §6.3 as far as a client needs them. Answers are cached: a
// DC's own for 30 minutes, a realm's list for 12 hours or the records' TTL, a failed search or ping for 45 seconds.
// Configured controllers are asked in the file's order, those of DNS by priority and weight, our site's first.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "sspi_shim/locate/known_controller.h"

namespace stead {

class DcLocator {
 public:
  virtual ~DcLocator() = default;
  // The DCs of a realm in the order they should be asked, silent and paused ones last (no ping is waited for). Empty:
  // none known.
  virtual boost::asio::awaitable<std::vector<KnownController>> controllers(std::string realm) = 0;
  // This DC's level, by one ping. What it said more than a moment ago counts only where it does not answer now; unknown
  // where it never did.
  virtual boost::asio::awaitable<DcLevel> level_of(std::string realm, ControllerAddress controller) = 0;
  // DCs of `realm` of at least `level`, best first; where none is known to be one, those of unknown level, in order.
  // Controllers in `refused` (addresses) are left out. `seen` lists all that were looked at.
  struct Found {
    std::vector<KnownController> usable;
    std::vector<SeenController> seen;
  };
  virtual boost::asio::awaitable<Found> find(std::string realm, DcLevel level,
                                             std::vector<ControllerAddress> refused) = 0;
  // Writable DCs of the realm, as find() has them.
  virtual boost::asio::awaitable<Found> find_writable(std::string realm, std::vector<ControllerAddress> refused);
  // One DC with the story of the choice, for `stead locate`. `site` empty: ours. Fails with host_not_found where no DC
  // of the realm is known (or what DNS failed with), timed_out where none of them answers, not_found where none is of
  // that level; what was seen then comes from find, which has it cached.
  virtual boost::asio::awaitable<Result<LocatedController>> locate(std::string realm, DcLevel level,
                                                                   std::string site) = 0;
  // What the transport learned: a DC that did not answer is asked last for a while.
  virtual void mark_silent(const ControllerAddress& controller) = 0;
  virtual void mark_alive(const ControllerAddress& controller) = 0;
  // The realm's DC of this level that served before, to be asked first for S4U2Proxy; nothing where none did.
  virtual std::optional<KnownController> preferred(const std::string& realm, DcLevel level) = 0;
  // The DCs of a realm as controllers() has them, with those first that DNS has for this site.
  virtual boost::asio::awaitable<std::vector<KnownController>> controllers_of_site(std::string realm, std::string site);
  // The global catalogs of a forest (by its DNS name) as DNS has them, those of this site first; empty: ours. None
  // where DNS is not to be asked for that name, which a configuration gives controllers.
  virtual boost::asio::awaitable<std::vector<KnownController>> global_catalogs(std::string forest, std::string site);
  // The DCs of the domain of a forest that has this GUID (as text), as DNS has them; none where DNS is not to be asked
  // for that forest.
  virtual boost::asio::awaitable<std::vector<KnownController>> controllers_by_guid(std::string forest,
                                                                                   std::string guid);
  // The realms that a configuration gives controllers, upper case.
  [[nodiscard]] virtual std::vector<std::string> configured_realms() const { return {}; }
  // What DNS and the DCs said of this realm is asked for anew.
  virtual void forget(const std::string& realm);
  // Who is told that a DC is from now on "silent", "paused" or "alive".
  using Health = std::function<void(const KnownController& controller, const char* state)>;
  virtual void on_health(Health told);
  // How many pings were sent so far; from any thread.
  [[nodiscard]] virtual std::uint64_t pings() const { return 0; }
};

// Works on one executor.
[[nodiscard]] std::shared_ptr<DcLocator> make_dc_locator(boost::asio::any_io_executor executor, LocatorOptions options);

}  // namespace stead
