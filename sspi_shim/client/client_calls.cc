// The functions of stead::Client that are not virtual: they combine the virtual ones.
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stead/s4u.h"

namespace stead {
namespace asio = boost::asio;

Client::Awaitable<Outcome<TicketPtr>> v0::Client::ticket_for(Identity identity, std::string spn,
                                                             TicketOptions options) {
  using namespace asio::experimental::awaitable_operators;
  auto asked = options.past_refusal ? ticket_past_refusal(std::move(identity), std::move(spn))
                                    : ticket_for(std::move(identity), std::move(spn));
  if (options.deadline.count() <= 0) {
    Outcome<TicketPtr> out = co_await std::move(asked);
    co_return out;
  }
  const auto here = co_await asio::this_coro::executor;
  asio::steady_timer timer(here, options.deadline);
  auto late_by = timer.async_wait(asio::use_awaitable);
  auto either = std::move(asked) || std::move(late_by);
  auto first = co_await std::move(either);
  if (auto* got = std::get_if<0>(&first)) co_return std::move(*got);
  Failure late;
  late.kind = FailureKind::unreachable;
  late.error = asio::error::timed_out;
  late.text = "no answer within the deadline of the call";
  late.retryable = true;
  co_return late;
}

Client::Awaitable<Outcome<NegotiateToken>> v0::Client::token_for(Identity identity, std::string spn,
                                                                 std::vector<std::uint8_t> channel_bindings,
                                                                 TicketOptions options) {
  Outcome<TicketPtr> ticket = co_await ticket_for(std::move(identity), std::move(spn), options);
  if (!ticket) co_return ticket.error();
  auto token = make_negotiate_token(**ticket, channel_bindings);
  if (token) co_return std::move(*token);
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = token.error();
  out.text = "no token can be made from the ticket for " + (*ticket)->service() + ": " + token.error().message();
  co_return out;
}

}  // namespace stead
