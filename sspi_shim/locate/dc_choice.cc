#include "sspi_shim/locate/dc_choice.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "sspi_shim/base/host_and_port.h"
#include "sspi_shim/base/text.h"

namespace stead {

std::string address_text(const ControllerAddress& where) {
  return format_host_and_port(where.address, where.kerberos_port);
}

DcFacts dc_facts(const ControllerAddress& where, const PingOutcome& outcome) {
  DcFacts dc;
  dc.where = where;
  dc.answer = outcome.answer;
  if (dc.where.name.empty()) dc.where.name = outcome.response.dns_host_name;
  if (dc.answer != PingAnswer::ok) return dc;
  dc.flags = outcome.response.flags;
  dc.level = level_of(outcome.response.flags);
  dc.site = outcome.response.dc_site_name;
  return dc;
}

bool is_known_to_serve(const DcFacts& dc, const ChoiceRule& rule) {
  return dc.answer == PingAnswer::ok && dc.level >= rule.at_least && (dc.flags & rule.required) == rule.required &&
         !dc.refused;
}

std::vector<std::size_t> choose_controllers(const std::vector<DcFacts>& dcs, const ChoiceRule& rule) {
  std::vector<std::size_t> known, unknown;
  for (std::size_t i = 0; i < dcs.size(); ++i) {
    if (is_known_to_serve(dcs[i], rule)) known.push_back(i);
    if (dcs[i].answer == PingAnswer::silent && !dcs[i].refused) unknown.push_back(i);
  }
  const auto rank = [&](std::size_t i) {
    const DcFacts& dc = dcs[i];
    const bool far = !rule.site.empty() ? !equal_ignoring_case(dc.site, rule.site)
                                        : rule.closest_first && (dc.flags & ds_flag::closest) == 0;
    return std::make_tuple(dc.kdc_silent, far);
  };
  const auto sort = [&](std::vector<std::size_t>& list) {
    std::stable_sort(list.begin(), list.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  };
  sort(known);
  sort(unknown);
  if (known.empty()) return unknown;
  // If no level is needed, DCs that answer no ping may be used too, after those that do.
  if (rule.at_least == DcLevel::unknown) known.insert(known.end(), unknown.begin(), unknown.end());
  return known;
}

SeenController seen_controller(const DcFacts& dc, const ChoiceRule& rule) {
  SeenController seen{dc.where.name, address_text(dc.where), std::string(to_string(dc.level)), "ok"};
  switch (dc.answer) {
    case PingAnswer::ok:
      if (dc.level < rule.at_least) {
        seen.answer = "below the level";
      } else if ((dc.flags & rule.required) != rule.required) {
        seen.answer = "lacks what is required";
      } else if (dc.refused) {
        seen.answer = "refused";
      }
      break;
    case PingAnswer::paused:
      seen.answer = "paused";
      break;
    case PingAnswer::not_this_domain:
      seen.answer = "not this domain";
      break;
    case PingAnswer::silent:
      seen.answer = "timeout";
      break;
  }
  return seen;
}

}  // namespace stead
