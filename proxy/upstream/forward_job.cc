#include "proxy/upstream/forward_job.h"

#include <string>

namespace stead::proxy {

void assign_pool_identity(std::string& out, const ForwardJob& job) {
  out.clear();
  if (job.signed_in == nullptr) return;
  const Session& session = job.signed_in->session;
  if (job.delegates())
    out.append(job.route.delegation == Delegation::s4u ? "s" : "f").append(session.id);
  else
    out.append("n");
  out.append(" ").append(session.user);
}

}  // namespace stead::proxy
