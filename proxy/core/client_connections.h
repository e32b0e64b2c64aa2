#pragma once
// The clients' connections of one core, and how many there may be: in all, and from one address. At a limit the one that
// has waited longest for its client goes, so that nobody holds all connections by doing nothing.
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "proxy/core/address_key.h"
#include "proxy/core/limit_watch.h"
#include "proxy/http/stream.h"

namespace stead::proxy {

class ClientConnections {
 public:
  class Place;

  void set_limits(std::size_t all, std::size_t per_address);
  // Closes a connection that waits, if a limit is reached: of this address, or of any. False: none waits, so that there
  // is no room.
  struct Room {
    bool is_there = true;
    std::optional<Limit> reached{};
    explicit operator bool() const { return is_there; }
  };
  [[nodiscard]] Room make_room(const boost::asio::ip::address& address);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  using Key = AddressKey;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
    }
  };
  using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  template <Hook Place::* hook>
  using List = boost::intrusive::list<Place, boost::intrusive::member_hook<Place, Hook, hook>,
                                      boost::intrusive::constant_time_size<false>>;
  struct Address;

 public:
  // A connection's place among the others, as long as the connection. The longest waiting is the first of its lists.
  class Place {
   public:
    Place(ClientConnections& all, const boost::asio::ip::address& address, Stream& stream);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // True while the connection serves no request: during the TLS handshake and until a request's head is there.
    void set_waiting(bool waiting);

   private:
    friend class ClientConnections;
    void close();

    ClientConnections& all_;
    const Key key_;
    Address& address_;  // that of `key_`
    Stream& stream_;
    Hook among_all_, of_address_;
  };

 private:
  struct Address {
    std::size_t connections = 0;
    List<&Place::of_address_> waiting;
  };
  std::unordered_map<Key, Address, Hash> addresses_;
  List<&Place::among_all_> waiting_;
  std::size_t size_ = 0;
  std::size_t max_ = std::numeric_limits<std::size_t>::max(), max_per_address_ = max_;
};

}  // namespace stead::proxy
