#pragma once
// What the client's state machines ask for and are told. A machine owns no socket, no timer and no cache: it takes what
// arrived and says what to do next, so all of S4U is tested as tables of replies and expected actions. s4u/driver.h
// does what they ask.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/transport/kdc_transport.h"
#include "stead/s4u.h"

namespace stead {

// Which part of the way a request belongs to; for the diagnosis.
enum class Stage {
  own_tgt,     // AS exchange with the keytab
  password,    // AS exchange with a user's password, and the check of the KDC
  user_realm,  // where the user lives
  user_tgt,    // our TGTs on the way to the user's realm
  s4u2self,
  s4u2proxy,       // step 1: at the front end's realm
  own_referral,    // steps 3 to 6: the front end as itself
  proxy_referral,  // the S4U referral TGT on its way
  target,          // step 7: at the target's realm
  as_user,         // with the TGT that the user forwarded
};

// As Failure::stage names it.
[[nodiscard]] std::string_view to_string(Stage stage);

// Why a machine ends without its result.
struct Refusal {
  FailureKind kind = FailureKind::refused;
  Error error;                     // krb where a KDC said so
  std::optional<NtStatus> status;  // from the error's e-data
  Stage stage{};
  std::string realm;                 // whose KDC was asked
  KnownController by;                // who refused; no name where nobody did
  bool no_capable_dc = false;        // the search for a DC of 2012 level was in vain
  bool cross_realm = false;          // the target is known to live in another domain
  std::vector<SeenController> seen;  // in that search
  std::string what;                  // for a person: what is wrong with an answer that was rejected
};

struct SendToKdc {
  std::string exchange;  // "AS", "TGS", "S4U2Self", "S4U2Proxy"
  std::string realm;
  Buffer request;
  std::vector<KnownController> to;       // these only, in this order; empty: any DC of the realm
  std::optional<KnownController> first;  // with `to` empty: before the others
  bool wants_capable = false;            // the realm's 2012-level DC that served before may be asked first
  std::string detail;
};
struct AskLevel {  // of the DC that answered
  std::string realm;
  ControllerAddress controller;
};
struct LocateDc {
  std::string realm;
  DcLevel at_least = DcLevel::w2012;
  std::vector<ControllerAddress> refused;
  bool writable = false;  // of any level: what a read-only DC lacks the keys for
};
struct DeriveKey {  // string-to-key with the password: takes milliseconds of CPU
  EncType type{};
  std::string salt;
  Buffer params;
};
struct Finished {};  // the machine has its result
using Action = std::variant<SendToKdc, AskLevel, LocateDc, DeriveKey, Finished, Refusal>;

struct Reply {
  Result<Buffer> bytes;  // a message, or a transport's error
  KnownController from;
};
struct Located {
  std::vector<KnownController> usable;
  std::vector<SeenController> seen;
};

// What a reply was, in the trace's words.
struct StepAnswer {
  std::string answer;  // "ticket", "referral to REALM", an error's symbol, "timeout", "rejected"
  std::string status;  // NTSTATUS symbol
};

// What every machine needs from outside. One for a client; outlives its machines.
struct ExchangeContext {
  std::function<std::chrono::system_clock::time_point()> now = [] { return std::chrono::system_clock::now(); };
  std::map<std::string, std::chrono::microseconds>
      clock_offsets;  // by realm: its KDCs' clock less ours, where it had to be corrected
  std::vector<EncType> etypes = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96,
                                 EncType::aes256_cts_hmac_sha384_192, EncType::aes128_cts_hmac_sha256_128};

  [[nodiscard]] std::chrono::microseconds offset_of(const std::string& realm) const {
    const auto found = clock_offsets.find(realm);
    return found == clock_offsets.end() ? std::chrono::microseconds{} : found->second;
  }
  [[nodiscard]] std::chrono::system_clock::time_point now_at(const std::string& realm) const {
    return now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(offset_of(realm));
  }
};

class Machine {
 public:
  virtual ~Machine() = default;
  virtual Action start() = 0;
  virtual Action on_reply(const Reply& reply) = 0;
  virtual Action on_level(DcLevel level);
  virtual Action on_located(const Located& located);
  virtual Action on_key(Result<Key> key);
  // How the last reply reads in the trace.
  [[nodiscard]] const StepAnswer& answer() const { return answer_; }

 protected:
  StepAnswer answer_;
};

// A KRB-ERROR as a refusal and as the trace's answer.
[[nodiscard]] Refusal refusal_of(const KrbError& error, Stage stage, std::string realm, const KnownController& by);
[[nodiscard]] StepAnswer answer_of(const KrbError& error);
// A transport's error: nobody answered.
[[nodiscard]] Refusal unreachable(Error error, Stage stage, std::string realm);
// An answer that does not hold.
[[nodiscard]] Refusal rejected(Error error, Stage stage, std::string realm, const KnownController& by,
                               std::string what);

// True where the error says that the clocks differ; then its stime is noted as the realm's offset.
bool note_clock_skew(ExchangeContext& context, const std::string& realm, const KrbError& error);

// Realms of one walk: a limit on hops, and no realm twice.
class RealmPath {
 public:
  static constexpr std::size_t kMaxReferrals = 10;
  explicit RealmPath(std::string first) { visited_.push_back(std::move(first)); }
  [[nodiscard]] bool enter(const std::string& realm);  // false: a loop, or too far
  [[nodiscard]] const std::string& last() const { return visited_.back(); }

 private:
  std::vector<std::string> visited_;
};

}  // namespace stead
