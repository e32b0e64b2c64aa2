#pragma once
// A refusal as the Failure that callers of the SDK get, and the failures that need no KDC.
#include <string>

#include "sspi_shim/s4u/driver.h"
#include "stead/s4u.h"

namespace stead {

// Decides how long a refusal is remembered (client/refusal_memory.h).
enum class RefusalClass {
  policy,         // the directory says no
  unknown_name,   // no such user or service
  no_capable_dc,  // no DC of the 2012 level was found
  no_answer,      // no KDC answered, or an answer was rejected
};

struct ClassifiedFailure {
  Failure failure;
  RefusalClass kind = RefusalClass::policy;
};
// The result of a fetch, before any cache.
template <class T>
using Fetched = boost::system::result<T, ClassifiedFailure>;

// With the trace and the diagnosis of the call. `own_account`: as ClientContext has it.
[[nodiscard]] ClassifiedFailure failure_of(const Refusal& refusal, const Call& call, const std::string& own_account);

// FailureKind::unusable: a name, a setting or an identity that no KDC is asked about.
[[nodiscard]] Failure bad_name(std::string text);
[[nodiscard]] Failure bad_user_name(const std::string& name);
[[nodiscard]] Failure bad_service_name(const std::string& spn);
[[nodiscard]] Failure empty_identity();
[[nodiscard]] Failure not_permitted(std::string text);

}  // namespace stead
