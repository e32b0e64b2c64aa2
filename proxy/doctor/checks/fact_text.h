#pragma once
// Facts as text, for the symptoms, proofs and commands of all families of checks.
#include <chrono>
#include <string>
#include <vector>

#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

// Kerberos accepts clocks that differ by so much.
constexpr std::chrono::minutes kClockLimit{5};

// "TGS for HTTP/x to dc12.x (127.0.0.2:88, level 2012): KDC_ERR_BADOPTION, STATUS_NOT_FOUND".
[[nodiscard]] std::string step_text(const TraceStep& step);
[[nodiscard]] std::string last_step_text(const std::vector<TraceStep>& steps);  // empty without steps
[[nodiscard]] std::string controller_text(const ControllerAddress& where);      // "dc12.x (127.0.0.2:88)"
[[nodiscard]] std::string clock_text(std::chrono::milliseconds offset);         // "6 min 2 s ahead of"

// The account's name for commands: as the KDC reported it, else as its SPN suggests.
[[nodiscard]] std::string account_name(const AccountFacts& account);
// The client's own diagnosis of a refused question that we asked as ourselves.
[[nodiscard]] Diagnosis diagnosis_of(const Question& question, const AccountFacts& account, const std::string& service);

}  // namespace stead::doctor
