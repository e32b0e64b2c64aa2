#pragma once
// A limit for tables whose keys come from DNS, from configuration and from KDCs' referrals. It is far above what a
// forest has; whoever makes up names cannot make a table grow without end.
#include <cstddef>
#include <iterator>

#include "sspi_shim/protocol/crypto/random.h"

namespace stead {

inline constexpr std::size_t kMaxTableEntries = 4096;

// Makes room for `key`: erases an entry, chosen at random, so that made-up names do not push out a certain one. What is
// erased is asked for again.
template <class Map>
void make_room(Map& map, const typename Map::key_type& key, std::size_t limit = kMaxTableEntries) {
  if (map.size() < limit || map.contains(key)) return;
  const std::size_t index = random_nonce() % map.size();
  map.erase(std::next(map.begin(), static_cast<typename Map::difference_type>(index)));
}

}  // namespace stead
