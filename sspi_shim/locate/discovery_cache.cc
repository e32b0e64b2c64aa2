#include "sspi_shim/locate/discovery_cache.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/locate/bounded_table.h"

namespace stead {
namespace asio = boost::asio;

DiscoveryCache::DiscoveryCache(asio::any_io_executor executor, std::vector<std::string> nameservers, LocatorTimes times)
    : executor_(std::move(executor)),
      nameservers_(std::move(nameservers)),
      times_(std::move(times)),
      under_way_(std::make_shared<SharedWork<DcList>>(executor_)) {}

asio::awaitable<DcList> DiscoveryCache::get(Key key, Discovery discovery) {
  const auto found = entries_.find(key);
  if (found != entries_.end() && times_.now() < found->second.until) co_return found->second.list;
  std::string name = key.realm + '\n' + key.question;
  SharedWork<DcList>::Work work = [self = shared_from_this(), key, discovery] {
    return discover(self, key, discovery);
  };
  if (found != entries_.end() && found->second.is_overdue) {
    under_way_->start(name, work);
    co_return found->second.list;
  }
  std::optional<DcList> list = co_await under_way_->run(std::move(name), std::move(work));
  if (!list) co_return DcList{{}, make_error_code(asio::error::operation_aborted), {}};
  co_return std::move(*list);
}

void DiscoveryCache::forget(const std::string& realm) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first.realm == realm; });
}

asio::awaitable<DcList> DiscoveryCache::discover(std::shared_ptr<DiscoveryCache> self, Key key, Discovery discovery) {
  DcList list;
  if (!self->dns_) {
    auto made = make_dns_resolver(self->executor_, self->nameservers_, self->times_.dns_timeout);
    if (made) self->dns_ = *made;
    if (!made) list.error = made.error();
  }
  if (self->dns_) list = co_await discovery(self->dns_);
  co_return self->keep(key, std::move(list));
}

DcList DiscoveryCache::keep(const Key& key, DcList list) {
  make_room(entries_, key);
  Entry& entry = entries_[key];
  const bool dns_answered = !list.controllers.empty() || list.error == asio::error::host_not_found;
  if (!dns_answered) {
    entry.is_overdue = !entry.list.controllers.empty();
    if (!entry.is_overdue) entry.list = std::move(list);
    entry.until = times_.now() + kUnansweredDnsLife;
    return entry.list;
  }
  const auto life = list.controllers.empty() ? kFailureLife : std::clamp(list.ttl, kMinListLife, kMaxListLife);
  entry = {std::move(list), times_.now() + life};
  return entry.list;
}

}  // namespace stead
