#include "proxy/serve/request.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/http/target.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

namespace {

constexpr std::size_t kKept = 1024;

void release_if_large(std::string& text) {
  if (text.capacity() > kKept) std::string().swap(text);
}

}  // namespace

void RequestMemory::release_large() {
  for (std::string* const text : {&head_bytes, &host, &target, &cookies, &out, &forward.identity, &forward.held_body,
                                  &forward.authorization, &forward.answer_head, &forward.out})
    release_if_large(*text);
  if (head.fields.capacity() * sizeof(Field) > kKept) head = {};
  if (forward.answer.fields.capacity() * sizeof(Field) > kKept) forward.answer = {};
}

Request::Request(RequestMemory& memory)
    : id(memory.id),
      head(memory.head),
      host(memory.host),
      target(memory.target),
      forward_memory(memory.forward),
      cookies_(memory.cookies) {
  memory.head_bytes.clear();
  head.clear();
  id.clear();
  host.clear();
  target.clear();
}

void Request::start_clock() {
  started_at = std::chrono::system_clock::now();
  started = Clock::now();
}

std::string_view Request::joined_cookies() {
  if (!head.several_cookies) return head.cookie;
  cookies_.clear();
  for (const Field& field : head.fields) {
    if (!equal_ignoring_case(field.name, "cookie")) continue;
    if (!cookies_.empty()) cookies_ += "; ";
    cookies_ += field.value;
  }
  return cookies_;
}

void Request::resolve_target() {
  const OriginForm parts = origin_form_of(head.target);
  if (head.host.empty()) head.host = parts.authority;
  if (!parts.path_and_query.starts_with('/') && parts.path_and_query != "*") target = "/";
  target.append(parts.path_and_query);
  assign_host_name(host, head.host);
}

}  // namespace stead::proxy
