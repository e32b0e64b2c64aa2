#pragma once
// The interface between the client's state machines and the Driver (s4u/driver.h).
//
// A Machine is one Kerberos exchange or a sequence of them, as AsExchange or S4u2ProxyExchange. It has no socket, no
// timer and no cache. It returns an Action: what the Driver must do next, such as sending a request. The Driver passes
// the result to the Machine, which returns the next Action, until it is Finished or a Refusal. So tests check each
// exchange as a table of replies and expected actions, without a network.
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/s4u/trace/trace_words.h"
#include "sspi_shim/transport/kdc_transport.h"
#include "stead/s4u.h"

namespace stead {

// The part of the path that a request belongs to, for the diagnosis. The steps are those of s4u/README.md.
enum class Stage {
  own_tgt,         // AS exchange with the keytab
  password,        // AS exchange with a user's password, and the verification of the KDC
  user_realm,      // the search for the user's realm
  user_tgt,        // our referral TGTs for the user's realm
  s4u2self,        // evidence in the user's name
  s4u2proxy,       // steps 1 and 2: S4U2Proxy at the front end's realm
  own_referral,    // steps 3 to 6: the front end's own requests
  proxy_referral,  // the S4U referral TGT, from realm to realm
  target,          // steps 7 and 8: S4U2Proxy at the target's realm
  as_user,         // requests with a TGT of the user's own
};

// The text of Failure::stage.
[[nodiscard]] std::string_view to_string(Stage stage);

// Why a machine ends without a result.
struct Refusal {
  FailureKind kind = FailureKind::refused;
  Error error;                     // of category krb if a KDC answered with it
  std::optional<NtStatus> status;  // from the KRB-ERROR's e-data
  Stage stage{};
  std::string realm;                 // whose KDC was asked
  KnownController by;                // the DC that refused; without a name and address: none did
  bool no_capable_dc = false;        // a search for a DC of the 2012 level found none
  bool cross_realm = false;          // the target is known to be in another domain
  std::vector<SeenController> seen;  // by that search
  std::string what;                  // for a person: what is wrong with an answer that the client rejected
};

// Sends a request and returns the reply to on_reply().
struct SendToKdc {
  ExchangeKind exchange{};
  std::string realm;
  Buffer request{};
  std::vector<KnownController> to{};       // these DCs only, in this order; empty: any DC of the realm
  std::optional<KnownController> first{};  // if `to` is empty: the DC that is asked before the realm's others
  bool prefer_capable = false;             // if `to` is empty: ask first the 2012-level DC that served before
  std::string detail{};                    // for the trace: what is asked for
};
// Learns the level of the DC that answered; the result goes to on_level().
struct AskLevel {
  std::string realm;
  ControllerAddress controller;
};
// Searches for other DCs of the realm; the result goes to on_located().
struct LocateDc {
  std::string realm;
  DcLevel at_least = DcLevel::w2012;
  std::vector<ControllerAddress> refused{};  // not these
  bool writable = false;                     // not a read-only DC, which lacks the keys of some accounts
};
// Derives a key from the call's password (RFC 3961 string-to-key), which takes milliseconds of CPU; the result goes to
// on_key().
struct DeriveKey {
  EncType type{};
  std::string salt;
  Buffer params;
};
// The machine has its result.
struct Finished {};
using Action = std::variant<SendToKdc, AskLevel, LocateDc, DeriveKey, Finished, Refusal>;

struct Reply {
  Result<Buffer> bytes;  // a message, or the transport's error
  KnownController from;
};
struct Located {
  std::vector<KnownController> usable;
  std::vector<SeenController> seen;
};

// What the machines of one client share. Outlives them.
struct ExchangeContext {
  std::function<std::chrono::system_clock::time_point()> now = [] { return std::chrono::system_clock::now(); };
  // The KDCs' clock minus ours, for each realm whose KDC refused our time once.
  std::map<std::string, std::chrono::microseconds> clock_offsets;
  std::vector<EncType> etypes = offered_enctypes(Rc4::refused);

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
  // The last reply, for the trace.
  [[nodiscard]] const StepAnswer& answer() const { return answer_; }

 protected:
  StepAnswer answer_;
};

// A KRB-ERROR as a refusal, and as an answer of the trace.
[[nodiscard]] Refusal refusal_of(const KrbError& error, Stage stage, std::string realm, const KnownController& by);
[[nodiscard]] StepAnswer answer_of(const KrbError& error);
// The transport's error: no KDC answered.
[[nodiscard]] Refusal unreachable(Error error, Stage stage, std::string realm);
// An answer that the client rejects. `what`: why, for a person.
[[nodiscard]] Refusal rejected(Error error, Stage stage, std::string realm, const KnownController& by,
                               std::string what);

// A KRB-ERROR is not authenticated, so its time is believed only this far: a wrong time zone is within it, and nobody
// on the path gets proof of a key that is dated years ahead.
constexpr std::chrono::hours kMaxClockOffset{24};

// True if the error says that the clocks differ, by at most kMaxClockOffset. Then stores the realm's offset, from the
// error's stime.
bool note_clock_skew(ExchangeContext& context, const std::string& realm, const KrbError& error);

// The realms that a sequence of referrals has visited: no realm twice, and at most kMaxReferrals hops.
class RealmPath {
 public:
  static constexpr std::size_t kMaxReferrals = 10;
  explicit RealmPath(std::string first) { visited_.push_back(std::move(first)); }
  [[nodiscard]] bool enter(const std::string& realm);  // false: a loop, or too many hops
  [[nodiscard]] const std::string& last() const { return visited_.back(); }

 private:
  std::vector<std::string> visited_;
};

}  // namespace stead
