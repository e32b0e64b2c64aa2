#include "proxy/upstream/forward_job.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stead::proxy {

std::string_view assign_pool_identity(std::string& out, const ForwardJob& job) {
  out.clear();
  if (job.signed_in == nullptr) return out;
  const Session& session = job.signed_in->session;
  if (!job.delegates())
    out.append("n");
  else if (job.route.delegation == Delegation::forwarded_tgt)
    out.append("f").append(session.id);
  else if (session.method == SignInMethod::kerberos)
    out.append("k").append(session.evidence.empty() ? session.id : session.evidence);
  else
    out.append("s");
  if (job.delegates()) out.append(" ").append(job.route.spn);
  out.append(" ").append(session.user);
  return out;
}

std::uint64_t balance_key(const ForwardJob& job) {
  if (job.route.balance != Balance::sticky) return 0;
  return std::hash<std::string_view>{}(job.signed_in != nullptr ? std::string_view(job.signed_in->session.id)
                                                                : job.remote_address);
}

}  // namespace stead::proxy
