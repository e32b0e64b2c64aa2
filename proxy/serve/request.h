#pragma once
// One request that the proxy serves, from its head to its entry in the access log.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/message_head.h"
#include "proxy/http/request_view.h"
#include "proxy/http/stream.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/upstream/client_exchange.h"
#include "proxy/upstream/forward_job.h"

namespace stead::proxy {

// Buffers that a connection's requests use one after the other, so that a request allocates little.
struct RequestMemory {
  std::string head_bytes, id, host, target, cookies, out;
  RequestHead head;
  ForwardMemory forward;

  void release_large();  // keeps what most requests need
};

// Made for one request. The references are to the connection's RequestMemory, which is cleared for it.
struct Request {
  explicit Request(RequestMemory& memory);

  std::string& id;    // 32 hexadecimal digits; empty until the request has begun
  RequestHead& head;  // views into RequestMemory::head_bytes
  std::string& host;  // lower case, without port
  ClientVersion version = ClientVersion::http_1_1;
  std::string_view tls;  // "TLSv1.3"; empty: plain HTTP
  std::string& target;   // origin form, or "*"
  std::chrono::system_clock::time_point started_at{};
  Clock::time_point started{};
  const Route* route = nullptr;       // null: none was found
  std::optional<SignedIn> signed_in;  // the user, if the route requires one
  Forwarded outcome;
  RefusalNote refusal;         // of sign-in
  std::string page_title;      // of a page of the proxy's own that reports a failure
  UsedTicket ticket;           // for the back end
  std::uint64_t bytes_in = 0;  // of the body
  ForwardMemory& forward_memory;

  void start_clock();
  // Sets `host` and `target` from the head. An absolute-form target without a Host field provides the host.
  void resolve_target();
  // The value of the Cookie field; of several, joined as a back end would.
  [[nodiscard]] std::string_view joined_cookies();
  [[nodiscard]] const Session* session() const { return signed_in ? &signed_in->session : nullptr; }

 private:
  std::string& cookies_;
};

}  // namespace stead::proxy
