#include "proxy/doctor/gather/running.h"

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/admin/ask_admin.h"
#include "stead/result.h"

namespace stead::doctor {
namespace {

namespace json = boost::json;

// The members of other types, and those that are missing, count as empty.
std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  const json::string* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::size_t number_of(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  const std::int64_t* const number = found == nullptr ? nullptr : found->if_int64();
  return number == nullptr || *number < 0 ? 0 : static_cast<std::size_t>(*number);
}

bool is_true(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  const bool* const flag = found == nullptr ? nullptr : found->if_bool();
  return flag != nullptr && *flag;
}

// Calls `use` with each object of the array; nothing if it is none.
template <class Use>
void each_object(const json::value* array, Use use) {
  const json::array* const items = array == nullptr ? nullptr : array->if_array();
  if (items == nullptr) return;
  for (const json::value& item : *items)
    if (const json::object* const object = item.if_object()) use(*object);
}

void read_core(const json::object& core, RunningFacts& out) {
  out.refusals += number_of(core, "refusals");
  const json::value* const found = core.if_contains("own_tgt");
  const json::object* const own = found == nullptr ? nullptr : found->if_object();
  if (own != nullptr)
    out.sign_ons.push_back({.asked = text_of(*own, "asked"),
                            .answer = text_of(*own, "answer"),
                            .controller = text_of(*own, "controller"),
                            .granted = is_true(*own, "granted")});
}

// The answer as JSON; null, and out.fault is set: there is none.
json::value ask(std::string_view target, RunningFacts& out) {
  proxy::AdminAnswer answer = proxy::ask_admin(out.socket, "GET", target, "application/json");
  Error malformed;
  json::value value;
  if (answer.status == 200)
    value = json::parse(answer.body, malformed);
  else if (answer.status != 0)
    answer.fault = "the proxy that runs there is of another version: status " + std::to_string(answer.status);
  if (malformed) answer.fault = "its answer is not JSON: " + malformed.message();
  out.fault = std::move(answer.fault);
  return value;
}

}  // namespace

RunningFacts ask_running(const proxy::Config& config, const std::string& socket) {
  RunningFacts out;
  out.socket = socket.empty() ? config.admin_socket : socket;
  out.principal = config.client.principal;
  out.keytab = config.client.keytab;
  if (out.socket.empty()) {
    out.fault = "the proxy's file has no [server] admin_socket";
    return out;
  }
  const json::value tickets = ask("/tickets", out);
  if (!out.fault.empty()) return out;
  if (const json::object* const object = tickets.if_object())
    each_object(object->if_contains("cores"), [&](const json::object& core) { read_core(core, out); });
  const json::value upstreams = ask("/upstreams", out);
  each_object(&upstreams, [&](const json::object& one) {
    out.back_ends.push_back(
        {.url = text_of(one, "upstream"), .why = text_of(one, "why"), .is_out = text_of(one, "state") == "out"});
  });
  return out;
}

}  // namespace stead::doctor
