#pragma once
// What each kind of delegation gives a front end that acts for a user at a back end, by each DC that may answer.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/directory/snapshot.h"
#include "sspi_shim/cli/plan/rehearsal.h"

namespace stead::plan {

enum class Way { transition, own_ticket, resource_based, forwarded_tgt };
constexpr std::array kWays = {Way::transition, Way::own_ticket, Way::resource_based, Way::forwarded_tgt};
[[nodiscard]] std::string_view to_string(Way way);

// The answer if one domain had this DC alone.
struct Trial {
  std::string controller, level;
  bool works = false;
  Obstacle obstacle;
};
struct WayResult {
  Way way{};
  std::vector<Trial> trials;
  [[nodiscard]] bool works() const;  // at one DC at least
};

struct Parties {
  const kdc::AccountEntry* user = nullptr;
  const kdc::AccountEntry* front = nullptr;
  std::string front_name;  // its first SPN, or its account
  std::string back;        // the SPN
};
// Finds the user and the front end of a command line. On failure `fault` says which name is unknown.
[[nodiscard]] Parties find_parties(const kdc::Snapshot& snapshot, const std::string& user, const std::string& front,
                                   const std::string& back, std::string& fault);
// The domains with an account that has this SPN.
[[nodiscard]] std::vector<const kdc::DomainEntry*> homes_of(const kdc::Snapshot& snapshot, const std::string& spn);

[[nodiscard]] std::vector<WayResult> judge(const kdc::Snapshot& snapshot, const Parties& parties);
// The same without the answers of single DCs: whether each way works at all.
[[nodiscard]] std::array<bool, kWays.size()> judge_briefly(const kdc::Snapshot& snapshot, const Parties& parties);

}  // namespace stead::plan
