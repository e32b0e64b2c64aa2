#include "proxy/core/client_connections.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>

namespace stead::proxy {

void ClientConnections::set_limits(std::size_t all, std::size_t per_address) {
  max_ = all;
  max_per_address_ = per_address;
}

ClientConnections::Room ClientConnections::make_room(const boost::asio::ip::address& address) {
  const auto found = addresses_.find(address_key(address));
  if (found != addresses_.end() && found->second.connections >= max_per_address_) {
    if (found->second.waiting.empty()) return {.is_there = false, .reached = Limit::connections_per_address};
    found->second.waiting.front().close();
    return {.reached = Limit::connections_per_address};
  }
  if (size_ < max_) return {};
  if (waiting_.empty()) return {.is_there = false, .reached = Limit::connections};
  waiting_.front().close();
  return {.reached = Limit::connections};
}

ClientConnections::Place::Place(ClientConnections& all, const boost::asio::ip::address& address, Stream& stream)
    : all_(all), key_(address_key(address)), address_(all.addresses_[key_]), stream_(stream) {
  ++all_.size_;
  ++address_.connections;
}

ClientConnections::Place::~Place() {
  set_waiting(false);
  --all_.size_;
  if (--address_.connections == 0) all_.addresses_.erase(key_);
}

void ClientConnections::Place::set_waiting(bool waiting) {
  if (waiting == among_all_.is_linked()) return;
  if (!waiting) {
    among_all_.unlink();
    of_address_.unlink();
    return;
  }
  all_.waiting_.push_back(*this);
  address_.waiting.push_back(*this);
}

void ClientConnections::Place::close() {
  set_waiting(false);
  stream_.close();
}

}  // namespace stead::proxy
