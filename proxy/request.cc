#include "proxy/request.h"

#include <chrono>

#include "proxy/http/target.h"

namespace stead::proxy {

Request::Request(RequestMemory& memory) : id(memory.id), head(memory.head), host(memory.host), target(memory.target) {
  memory.head_bytes.clear();
  parse_request_head({}, head);
  id.clear();
  host.clear();
  target.clear();
}

void Request::start_clock() {
  started_at = std::chrono::system_clock::now();
  started = Clock::now();
}

void Request::resolve_target() {
  const OriginForm parts = origin_form_of(head.target);
  if (head.host.empty()) head.host = parts.authority;
  if (!parts.path_and_query.starts_with('/') && parts.path_and_query != "*") target = "/";
  target.append(parts.path_and_query);
  assign_host_name(host, head.host);
}

}  // namespace stead::proxy
