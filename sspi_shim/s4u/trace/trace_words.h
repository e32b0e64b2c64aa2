#pragma once
// The words that a TraceStep of stead/s4u.h uses for the kind of an exchange and for its answer: one table, for writing
// them and for reading them back.
#include <optional>
#include <string>
#include <string_view>

#include "stead/s4u.h"

namespace stead {

enum class ExchangeKind { as, tgs, s4u2self, s4u2proxy, locate };

// TraceStep::exchange: "AS", "TGS", "S4U2Self", "S4U2Proxy", "locate".
[[nodiscard]] std::string_view to_string(ExchangeKind kind);
[[nodiscard]] std::optional<ExchangeKind> exchange_kind_of(const TraceStep& step);

enum class AnswerKind {
  ticket,    // a ticket of the kind that was asked for
  referral,  // a TGT for another realm
  error,     // a KRB-ERROR
  timeout,   // no answer
  rejected,  // an answer that the client rejects
  found,     // of a search: a DC
  none,      // of a search: no DC
};

struct StepAnswer {
  AnswerKind kind = AnswerKind::none;
  std::string detail{};  // of a referral the realm, of an error its symbol: "KDC_ERR_BADOPTION"
  std::string status{};  // symbol of the NTSTATUS; empty: none

  [[nodiscard]] bool is_granted() const { return kind == AnswerKind::ticket || kind == AnswerKind::referral; }
};

// TraceStep::answer, without the status.
[[nodiscard]] std::string to_string(const StepAnswer& answer);
[[nodiscard]] StepAnswer answer_of(const TraceStep& step);

}  // namespace stead
