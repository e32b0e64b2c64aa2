#pragma once
// One TGS-REQ, and the rules for sending it again:
//
// - If the KDC says that the clocks differ, once more with the KDC's time.
// - If a read-only DC lacks the keys, once more to a writable DC (MS-KILE §3.2.5.7).
// - If a DC below the 2012 level refuses a delegation, once more to a DC of that level: s4u/README.md, "The rule of the
//   2012-level DC".
// - If the DCs that such a search found do not answer, the search is repeated once: their levels may come from the
// cache.
//
// Nothing else is sent twice.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/s4u/tgs_exchange.h"

namespace stead {

// True if every DC said its level in a search, and none is of 2012 or later. False also where a DC is silent: it may be
// the one that is needed. The one at `refused` has answered the request; KDCs other than AD's answer no ping.
[[nodiscard]] bool all_are_older(const std::vector<SeenController>& seen, const ControllerAddress& refused = {});
// No DC of the 2012 level answered, and it is not known that the realm has none. `seen`: by the search.
[[nodiscard]] Refusal capable_dc_unreachable(Error error, Stage stage, std::string realm,
                                             std::vector<SeenController> seen);

class TgsRequest final : public Machine {
 public:
  struct Mode {
    Stage stage{};
    ExchangeKind exchange = ExchangeKind::tgs;
    std::string detail{};
    bool delegation = false;                // KDC_ERR_BADOPTION and KDC_ERR_POLICY lead to a search for a 2012-level DC
    std::vector<KnownController> to = {};   // the DCs to ask first; empty: any DC of the realm
    std::vector<SeenController> seen = {};  // in the search that gave `to`
    std::optional<KnownController> first = {};  // asked before the realm's others
  };
  TgsRequest(ExchangeContext& context, TgsQuestion question, Mode mode);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_level(DcLevel level) override;
  Action on_located(const Located& located) override;

  [[nodiscard]] const TgsAnswer& result() const { return *result_; }  // after Finished

 private:
  Action send();
  Action relocate();
  Action look_again(Error silence);
  Action on_looked_again(const Located& located);
  Action no_capable_dc();

  ExchangeContext& context_;
  TgsQuestion question_;
  Mode mode_;
  std::string realm_;
  std::unique_ptr<TgsExchange> exchange_;
  std::optional<TgsAnswer> result_;
  std::optional<Refusal> refusal_;  // the one that led to a search for another DC
  bool clock_corrected_ = false;
  bool relocated_ = false;
  std::optional<Error> silence_;  // the transport's error that led to a second search
  bool wants_writable_ = false;   // a writable DC is searched for, or was found
};

}  // namespace stead
