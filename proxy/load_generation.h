#pragma once
// Reads everything that the configuration names, at the start and again at each reload, and makes of it the next
// generation of each core.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "proxy/core/core.h"

namespace stead::proxy {

// What does not change from one reading to the next.
struct LoadContext {
  std::vector<boost::asio::any_io_executor> executors;  // one for each core
  OnStep on_step;
  std::shared_ptr<SignInMemory> memory;
  std::shared_ptr<TicketKeys> ticket_keys;  // of TLS sessions, where the configuration names no file for them
};

struct Loaded {
  std::shared_ptr<const Settings> settings;  // null: nothing was read yet
  std::shared_ptr<ServerTls> server_tls;     // null: plain HTTP
  std::string tls_files;                     // FileWatch::state_of() its files before they were read
  TicketsOfCores tickets;                    // both are empty if nobody signs in
  std::vector<std::shared_ptr<SignIn>> sign_in;

  // To be called in the core's loop, or before it runs.
  [[nodiscard]] std::shared_ptr<Generation> generation_of(Core& core) const;
};

// Reads keytab, certificates, keys, CAs and session keys. Blocking. `before` stays in use whatever becomes of it.
[[nodiscard]] Checked<Loaded> load_generation(Config config, const LoadContext& context, const Loaded& before);

// Into the log, of what works and is hardly meant.
void warn_of_routes(const Config& config);

}  // namespace stead::proxy
