#pragma once
// A connection that says goodbye when its core drains: HTTP/2 has a frame for it.
#include <boost/intrusive/list.hpp>

namespace stead::proxy {

// In a core's list as long as it exists.
class DrainListener
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual void begin_drain() = 0;

 protected:
  ~DrainListener() = default;
};

using DrainListeners = boost::intrusive::list<DrainListener, boost::intrusive::constant_time_size<false>>;

}  // namespace stead::proxy
