#pragma once
// The purpose of each step of a trace, in words. The numbers are those of s4u/README.md.
#include <string>

#include "sspi_shim/s4u/trace/trace_words.h"

namespace stead {

class TraceStory {
 public:
  // For each step of a trace, in their order: what a step is for depends on those before it.
  [[nodiscard]] std::string purpose_of(const TraceStep& step);

 private:
  std::string of_s4u2proxy(const TraceStep& step, const StepAnswer& answer);
  std::string of_tgs(const TraceStep& step, const StepAnswer& answer);

  std::string home_;      // the front end's realm, once S4U2Proxy has begun
  std::string own_walk_;  // the realm of the front end's next own request
};

}  // namespace stead
