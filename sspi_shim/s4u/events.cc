#include "sspi_shim/s4u/events.h"

#include <cstddef>
#include <string>

#include "sspi_shim/locate/dc_choice.h"

namespace stead {
namespace {

Event about(const Call& call, EventKind kind) {
  Event out;
  out.kind = kind;
  out.user = call.about.user;
  out.service = call.about.service;
  return out;
}

bool is_granted(const TraceStep& step) {
  return answer_of(step).is_granted();
}

std::string answer_text(const TraceStep& step) {
  return step.answer + (step.status.empty() ? "" : " + " + step.status);
}

std::string name_of(const EventController& controller) {
  const std::string& name = controller.name.empty() ? controller.address : controller.name;
  return name.empty() ? "no DC" : name + " (" + controller.level + ")";
}

std::string name_of(const TraceStep& step) {
  return name_of(EventController{step.controller, step.address, step.level});
}

}  // namespace

Event event_of_step(const Call& call, std::size_t index) {
  const TraceStep& step = call.trace.steps[index];
  if (exchange_kind_of(step) != ExchangeKind::locate) {
    Event out = about(call, is_granted(step) ? EventKind::reply : EventKind::refusal);
    out.step = step;
    return out;
  }
  Event out = about(call, EventKind::relocation);
  out.step = step;
  out.taken = {step.controller, step.address, step.level};
  out.reason = step.detail;
  if (index == 0 || is_granted(call.trace.steps[index - 1]))
    return out;  // no DC refused: the request needs a DC of this kind from the start
  const TraceStep& before = call.trace.steps[index - 1];
  out.left = {before.controller, before.address, before.level};
  out.reason = answer_text(before);
  return out;
}

Event event_of_request(const Call& call, const SendToKdc& send) {
  Event out = about(call, EventKind::request);
  out.step.step = static_cast<int>(call.trace.steps.size()) + 1;
  out.step.exchange = to_string(send.exchange);
  out.step.realm = send.realm;
  out.step.detail = send.detail;
  return out;
}

Event event_of_health(const KnownController& controller, ControllerState state) {
  Event out;
  out.kind = EventKind::controller_health;
  out.taken = {controller.where.name, address_text(controller.where), std::string(to_string(controller.level))};
  out.reason = to_string(state);
  return out;
}

std::string v0::to_text(const Event& event) {
  const std::string who = event.user + (event.service.empty() ? "" : " -> " + event.service);
  const std::string asked =
      event.step.exchange + " " + event.step.realm + (event.step.detail.empty() ? "" : " [" + event.step.detail + "]");
  switch (event.kind) {
    case EventKind::request:
      return "request " + who + ": " + asked;
    case EventKind::reply:
      return "reply " + who + ": " + asked + ": " + name_of(event.step) + " gave a " + event.step.answer;
    case EventKind::refusal:
      return "refusal " + who + ": " + asked + ": " + name_of(event.step) + " said " + answer_text(event.step);
    case EventKind::relocation: {
      const bool refused = !event.left.name.empty() || !event.left.address.empty();
      return "relocation " + who + ": " +
             (refused ? name_of(event.left) + " said " + event.reason : event.reason + " is needed") + ", " +
             name_of(event.taken) + " is asked";
    }
    case EventKind::cache_hit:
      return "cache_hit " + who;
    case EventKind::cache_miss:
      return "cache_miss " + who;
    case EventKind::cache_join:
      return "cache_join " + who;
    case EventKind::negative_hit:
      return "negative_hit " + who + ": " + event.reason;
    case EventKind::controller_health:
      return "controller_health " + name_of(event.taken) + " is " + event.reason;
  }
  return {};
}

}  // namespace stead
