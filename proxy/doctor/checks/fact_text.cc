#include "proxy/doctor/checks/fact_text.h"

#include <chrono>
#include <string>
#include <vector>

#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"
#include "sspi_shim/s4u/diagnosis/diagnosis.h"

namespace stead::doctor {

std::string step_text(const TraceStep& step) {
  std::string out = step.exchange + (step.detail.empty() ? "" : " [" + step.detail + "]") + " to ";
  out += step.controller.empty() ? (step.address.empty() ? "the DCs of " + step.realm : step.address)
                                 : step.controller + " (" + step.address + ", level " + step.level + ")";
  return out + ": " + step.answer + (step.status.empty() ? "" : ", " + step.status);
}

std::string last_step_text(const std::vector<TraceStep>& steps) {
  return steps.empty() ? "" : step_text(steps.back());
}

std::string account_name(const AccountFacts& account) {
  return account.account.empty() ? account_guess(to_string(account.principal.name)) : account.account;
}

Diagnosis diagnosis_of(const Question& question, const AccountFacts& account, const std::string& service) {
  Circumstances about;
  about.front_end = account.principal;
  about.front_account = account.account;
  about.service = service;
  return diagnose(*question.refusal, about);
}

std::string controller_text(const ControllerAddress& where) {
  return where.name.empty() ? address_text(where) : where.name + " (" + address_text(where) + ")";
}

std::string clock_text(std::chrono::milliseconds offset) {
  const auto seconds = std::chrono::abs(offset).count() / 1000;
  std::string out = seconds >= 60 ? std::to_string(seconds / 60) + " min " : "";
  out += std::to_string(seconds % 60) + " s";
  return out + (offset.count() < 0 ? " behind" : " ahead of");
}

}  // namespace stead::doctor
