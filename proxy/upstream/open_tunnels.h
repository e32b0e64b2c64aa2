#pragma once
// The tunnels of one core: requests that changed the protocol. They end with the session that opened them.
#include <list>

#include "proxy/http/stream.h"
#include "proxy/tickets/session.h"

namespace stead::proxy {

class OpenTunnels {
  struct Tunnel {
    const Session& session;
    Stream& upstream;
  };

 public:
  // In the list as long as it exists. The session and the stream outlive it. `session`: null for a public route.
  class Entry {
   public:
    Entry(OpenTunnels& all, const Session* session, Stream& upstream) : all_(all) {
      if (session != nullptr) place_ = all_.open_.insert(all_.open_.end(), Tunnel{*session, upstream});
    }
    ~Entry() {
      if (place_ != all_.open_.end()) all_.open_.erase(place_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    OpenTunnels& all_;
    std::list<Tunnel>::iterator place_ = all_.open_.end();
  };

  // Closes the back end's connection of each tunnel whose session is over: the tunnel ends with it, and so does the
  // client's side.
  template <class IsOver>
  void close_where(IsOver&& is_over) {
    for (const Tunnel& tunnel : open_) {
      if (!is_over(tunnel.session)) continue;
      tunnel.upstream.close();
    }
  }

 private:
  std::list<Tunnel> open_;
};

}  // namespace stead::proxy
