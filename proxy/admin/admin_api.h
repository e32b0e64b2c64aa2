#pragma once
// What an administrator may ask and order, over HTTP/1.1 at the Unix socket; `stead-proxy ctl` speaks it, and so does
// curl --unix-socket.
//
//   GET  /status.json                     the process, its routes, back ends and last failures (at the admin port too)
//   GET  /sessions[?user=U]               that this process has seen
//   POST /end-sessions?user=U             on every host, the ones of other replicas excepted
//   POST /purge-tickets?user=U            so that a KDC is asked again
//   GET  /tickets                         its own sign-on, and the tickets and refusals that it remembers
//   GET  /why?id=ID                       what became of a request that failed
//   GET  /upstreams                       POST /drain?upstream=URL, /undrain?upstream=URL
//   POST /log-level?level=LEVEL           error, warning, info, debug
//   POST /reload                          answers when it is done: 200, or 409 with the reason
//
// Answers are JSON, or tables as text where the request accepts text/plain before it.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "proxy/admin/admin.h"
#include "proxy/core/server_state.h"
#include "proxy/http/own_response.h"

namespace stead::proxy {

struct SignInMemory;

class AdminApi {
 public:
  // Why the configuration was refused; empty: it is in use.
  using Reload = std::function<boost::asio::awaitable<std::string>()>;
  // `who`: for the log.
  struct Call {
    std::string method, target, who;
    bool as_text = false;
  };
  AdminApi(const Cores& cores, const Admin& admin, std::shared_ptr<SignInMemory> memory, Reload reload)
      : cores_(cores), admin_(admin), memory_(std::move(memory)), reload_(std::move(reload)) {}

  // On the first core.
  [[nodiscard]] boost::asio::awaitable<OwnResponse> respond(Call call);

 private:
  [[nodiscard]] boost::asio::awaitable<OwnResponse> read(Call call) const;
  [[nodiscard]] boost::asio::awaitable<OwnResponse> why(Call call) const;
  [[nodiscard]] boost::asio::awaitable<OwnResponse> order(Call call);
  [[nodiscard]] boost::asio::awaitable<OwnResponse> end_sessions(Call call, std::string user);
  [[nodiscard]] OwnResponse purge_tickets(const Call& call, const std::string& user) const;
  [[nodiscard]] OwnResponse drain(const Call& call, bool on) const;

  const Cores& cores_;
  const Admin& admin_;
  std::shared_ptr<SignInMemory> memory_;
  Reload reload_;
};

}  // namespace stead::proxy
