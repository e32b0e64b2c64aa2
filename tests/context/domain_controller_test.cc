// Of the domain controllers that answered, the one that DsGetDcName takes.
#include "sspi_shim/context/domain_controller.h"

#include <gtest/gtest.h>

namespace stead::sspi {
namespace {

NetlogonResponse dc(std::string site, std::uint32_t flags, std::optional<std::string> next_closest = {}) {
  NetlogonResponse out;
  out.netbios_domain_name = "CORP";
  out.dc_site_name = std::move(site);
  out.flags = flags;
  out.next_closest_site_name = std::move(next_closest);
  return out;
}
template <class Member, class Value>
ControllerWish wish(Member member, Value value) {
  ControllerWish out;
  out.*member = value;
  return out;
}
using Responses = std::vector<std::optional<NetlogonResponse>>;

TEST(ChooseController, TakesTheFirstThatWillDo) {
  bool best = false;
  const Responses all = {std::nullopt, dc("a", ds_flag::ds), dc("b", ds_flag::ds | ds_flag::gc), dc("c", ds_flag::ds | ds_flag::gc)};
  EXPECT_EQ(choose_controller(all, {}, best), 1U);
  EXPECT_TRUE(best);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::required, ds_flag::gc), best), 2U);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::site, "C"), best), 3U);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::required, ds_flag::pdc), best), std::nullopt);
  EXPECT_FALSE(best);
}

TEST(ChooseController, WaitsForWhatIsPreferred) {
  bool best = true;
  EXPECT_EQ(choose_controller({dc("a", 0), std::nullopt}, wish(&ControllerWish::preferred, ds_flag::good_timeserv), best), 0U);
  EXPECT_FALSE(best);
  EXPECT_EQ(choose_controller({dc("a", 0), dc("b", ds_flag::good_timeserv)}, wish(&ControllerWish::preferred, ds_flag::good_timeserv), best), 1U);
  EXPECT_TRUE(best);
}

TEST(ChooseController, OurSiteGoesBeforeTheNextClosestAndThatBeforeOthers) {
  bool best = true;
  const ControllerWish near = wish(&ControllerWish::near, true);
  EXPECT_EQ(choose_controller({dc("far", 0, "next"), dc("next", 0, "next"), dc("ours", ds_flag::closest)}, near, best), 2U);
  EXPECT_TRUE(best);
  EXPECT_EQ(choose_controller({dc("far", 0, "Next"), dc("next", 0)}, near, best), 1U);
  EXPECT_FALSE(best);
  EXPECT_EQ(choose_controller({dc("far", 0), dc("next", 0)}, near, best), 0U) << "nobody says which site is next";
  EXPECT_EQ(choose_controller({dc("far", 0, "next"), dc("next", 0)}, {}, best), 0U) << "not asked for";
}

}  // namespace
}  // namespace stead::sspi
