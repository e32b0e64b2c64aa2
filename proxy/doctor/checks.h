#pragma once
// The judgements: facts in, findings out. No I/O; each family in its own source. A fact that could not be gathered
// because an earlier link is broken is absent, and its checks are skipped with the word of `broken` (an id).
#include "proxy/doctor/facts.h"
#include "proxy/doctor/report.h"

namespace stead::doctor {

constexpr std::chrono::minutes kClockLimit{5};

[[nodiscard]] Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms);
[[nodiscard]] Checks judge_account(const AccountFacts& account);

// The SPNs of the routes and --service. `account`: ours, for the commands. `broken`: why nothing could be asked; empty:
// it was.
[[nodiscard]] Checks judge_services(const std::vector<ServiceFacts>& services, const AccountFacts& account,
                                    const std::string& broken);
[[nodiscard]] Checks judge_user(const UserFacts& user, const AccountFacts& account);
[[nodiscard]] Checks judge_levels(const Principal& self, const std::vector<RealmFacts>& realms,
                                  const std::vector<ServiceFacts>& services);
[[nodiscard]] Checks judge_delegation(const UserFacts& user, const DelegationFacts& delegation,
                                      const AccountFacts& account);
[[nodiscard]] Checks judge_back_end(const BackEndFacts& back_end);
// `token_bytes`: what a browser of the user would send, in base64.
[[nodiscard]] Check judge_certificate(const CertificateFacts& certificate);
[[nodiscard]] Checks judge_front(const std::vector<PublicNameFacts>& names, std::size_t header_bytes,
                                 const std::optional<std::size_t>& token_bytes);

// Which check a refusal of the client breaks.
[[nodiscard]] std::string check_of(const Failure& failure);
// "TGS for HTTP/x to dc12.x (127.0.0.2:88, level 2012): KDC_ERR_BADOPTION, STATUS_NOT_FOUND".
[[nodiscard]] std::string told(const TraceStep& step);
[[nodiscard]] std::string last_of(const std::vector<TraceStep>& steps);
// The commands of the client's own diagnosis for a refusal as ourselves.
[[nodiscard]] Diagnosis diagnosis_of(const Question& question, const AccountFacts& account, const std::string& service);
// The account's name for commands: as the KDC told it, else as its SPN suggests.
[[nodiscard]] std::string account_name(const AccountFacts& account);
[[nodiscard]] std::string where_text(const ControllerAddress& where);    // "dc12.x (127.0.0.2:88)"
[[nodiscard]] std::string clock_text(std::chrono::milliseconds offset);  // "6 min 2 s ahead of"

}  // namespace stead::doctor
