#pragma once
// Lists of DCs from DNS, each asked for once for all who want it at the same time. Works on one executor.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/locate/dns/dc_discovery.h"
#include "sspi_shim/locate/locator_times.h"
#include "sspi_shim/locate/shared_work.h"

namespace stead {

class DiscoveryCache : public std::enable_shared_from_this<DiscoveryCache> {
 public:
  using Discovery = std::function<boost::asio::awaitable<DcList>(std::shared_ptr<DnsResolver>)>;
  struct Key {
    std::string realm;     // upper case
    std::string question;  // tells apart the lists of one realm: the site, the kind of DC
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // `nameservers`: as make_dns_resolver has them.
  DiscoveryCache(boost::asio::any_io_executor executor, std::vector<std::string> nameservers, LocatorTimes times);

  // The list as kept, or by `discovery`. While DNS gives no answer, the last list is returned without waiting.
  [[nodiscard]] boost::asio::awaitable<DcList> get(Key key, Discovery discovery);
  void forget(const std::string& realm);

 private:
  struct Entry {
    DcList list;
    std::chrono::steady_clock::time_point until;
    bool is_overdue = false;  // DNS gave no answer the last time: this is the list before
  };
  static boost::asio::awaitable<DcList> discover(std::shared_ptr<DiscoveryCache> self, Key key, Discovery discovery);
  DcList keep(const Key& key, DcList list);

  boost::asio::any_io_executor executor_;
  std::vector<std::string> nameservers_;
  LocatorTimes times_;
  std::shared_ptr<DnsResolver> dns_;  // made at first use
  std::shared_ptr<SharedWork<DcList>> under_way_;
  std::map<Key, Entry> entries_;
};

}  // namespace stead
