#pragma once
// One TGS-REQ with the rules for its answers: clocks are corrected once; what a read-only DC has no keys for goes once
// to a writable one (MS-KILE §3.2.5.7); a refusal of a delegation by a DC that is not known to be of 2012 level goes
// once more to one that is (what-we-build.md, "What the client does with a refusal"). Where the DCs of such a search
// are silent, they may have been chosen by what they said half an hour ago: the search is made once more, before
// anything is said of the domain. Nothing else is sent twice.
#include <memory>

#include "sspi_shim/s4u/tgs_exchange.h"

namespace stead {

class TgsRequest final : public Machine {
 public:
  struct Manner {
    Stage stage{};
    std::string exchange = "TGS";
    std::string detail;
    bool delegation = false;                    // a BADOPTION or POLICY looks for a 2012-level DC
    std::vector<KnownController> to = {};       // where to begin; empty: any DC of the realm
    std::vector<SeenController> seen = {};      // in the search that gave `to`
    std::optional<KnownController> first = {};  // asked before the realm's others
  };
  TgsRequest(ExchangeContext& context, TgsQuestion question, Manner manner);

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
  Manner manner_;
  std::string realm_;
  std::unique_ptr<TgsExchange> exchange_;
  std::optional<TgsAnswer> result_;
  std::optional<Refusal> refusal_;  // that made us look for another DC
  bool clock_corrected_ = false;
  bool relocated_ = false;
  std::optional<Error> silence_;  // that made us look again
  bool wants_writable_ = false;   // it is looked for, or was found
};

}  // namespace stead
