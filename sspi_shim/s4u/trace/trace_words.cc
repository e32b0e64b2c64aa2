#include "sspi_shim/s4u/trace/trace_words.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stead {
namespace {

constexpr std::pair<ExchangeKind, std::string_view> kExchanges[] = {{ExchangeKind::as, "AS"},
                                                                    {ExchangeKind::tgs, "TGS"},
                                                                    {ExchangeKind::s4u2self, "S4U2Self"},
                                                                    {ExchangeKind::s4u2proxy, "S4U2Proxy"},
                                                                    {ExchangeKind::locate, "locate"}};

constexpr std::string_view kReferral = "referral to ";
// An error is written as its symbol, a referral as kReferral and the realm.
constexpr std::pair<AnswerKind, std::string_view> kAnswers[] = {{AnswerKind::ticket, "ticket"},
                                                                {AnswerKind::timeout, "timeout"},
                                                                {AnswerKind::rejected, "rejected"},
                                                                {AnswerKind::found, "found"},
                                                                {AnswerKind::none, "none"}};

}  // namespace

std::string_view to_string(ExchangeKind kind) {
  for (const auto& [one, name] : kExchanges) {
    if (one == kind) return name;
  }
  return {};
}

std::optional<ExchangeKind> exchange_kind_of(const TraceStep& step) {
  for (const auto& [kind, name] : kExchanges) {
    if (name == step.exchange) return kind;
  }
  return std::nullopt;
}

std::string to_string(const StepAnswer& answer) {
  if (answer.kind == AnswerKind::referral) return std::string(kReferral) + answer.detail;
  if (answer.kind == AnswerKind::error) return answer.detail;
  for (const auto& [kind, word] : kAnswers) {
    if (kind == answer.kind) return std::string(word);
  }
  return {};
}

StepAnswer answer_of(const TraceStep& step) {
  for (const auto& [kind, word] : kAnswers) {
    if (word == step.answer) return {kind, {}, step.status};
  }
  if (step.answer.starts_with(kReferral))
    return {AnswerKind::referral, step.answer.substr(kReferral.size()), step.status};
  return {AnswerKind::error, step.answer, step.status};
}

}  // namespace stead
