#pragma once
// Finds domain controllers: which DCs a realm has (a static list, or SRV records), what each says of itself (CLDAP
// ping), and which of them meets what is required: MS-NRPC §3.5.4.3.1 and MS-ADTS §6.3 as far as a client needs them.
// Configured controllers are asked in the file's order; those of DNS by priority and weight, our site's first.
// locator_times.h says how long answers are kept. Works on one executor.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/locate/controller_health.h"
#include "sspi_shim/locate/controller_wish.h"
#include "sspi_shim/locate/known_controller.h"
#include "sspi_shim/locate/locator_times.h"

namespace stead {

class DcLocator {
 public:
  virtual ~DcLocator() = default;
  // The DCs of a realm in the order in which they should be asked, silent and paused ones last. No ping is waited for.
  // Empty: no DC is known.
  virtual boost::asio::awaitable<std::vector<KnownController>> controllers(std::string realm) = 0;
  // This DC's level, by one ping. An answer older than kSuspectAfter counts only if the DC does not answer now; unknown
  // if it never answered.
  virtual boost::asio::awaitable<DcLevel> level_of(std::string realm, ControllerAddress controller) = 0;
  // DCs of `realm` of at least `level`, best first; if none is known to be of it, those of unknown level, in order.
  // Controllers in `refused` (addresses) are left out. `seen` lists all that were looked at.
  struct Found {
    std::vector<KnownController> usable;
    std::vector<SeenController> seen;
  };
  virtual boost::asio::awaitable<Found> find(std::string realm, DcLevel level,
                                             std::vector<ControllerAddress> refused) = 0;
  // Writable DCs of the realm, as find() has them.
  virtual boost::asio::awaitable<Found> find_writable(std::string realm, std::vector<ControllerAddress> refused);
  // One DC with the reason for the choice, for `stead locate`. `site` empty: ours. Fails with host_not_found if no DC
  // of the realm is known (or with the error of DNS), timed_out if none of them answers, not_found if none is of that
  // level; find() then has what was seen, cached.
  virtual boost::asio::awaitable<Result<LocatedController>> locate(std::string realm, DcLevel level,
                                                                   std::string site) = 0;
  // A DC that satisfies the wish. Fails with host_not_found if no DC of the domain is known, timed_out if none answers,
  // not_found if none has what is required.
  virtual boost::asio::awaitable<Result<FoundController>> find_controller(ControllerWish wish);
  // The transport reports here whether a DC answers requests; one that does not is asked last for kSilentLife.
  virtual void mark_silent(const ControllerAddress& controller) = 0;
  virtual void mark_alive(const ControllerAddress& controller) = 0;
  // The realm's DC of this level that served before, to be asked first for S4U2Proxy; nothing if none did.
  virtual std::optional<KnownController> preferred(const std::string& realm, DcLevel level) = 0;
  // DNS and the DCs of this realm are asked anew.
  virtual void forget(const std::string& realm);
  // `listener` is called when a DC becomes silent, paused, or alive again.
  virtual void on_health(ControllerHealth::Listener listener);
  // How many pings were sent so far; thread-safe.
  [[nodiscard]] virtual std::uint64_t pings() const { return 0; }
};

[[nodiscard]] std::shared_ptr<DcLocator> make_dc_locator(boost::asio::any_io_executor executor, LocatorOptions options,
                                                         LocatorTimes times = {});

}  // namespace stead
