#pragma once
// TLS contexts for connections to back ends, one for each CA file that a route names.
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <string>

#include "proxy/config/config.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class UpstreamTls {
 public:
  [[nodiscard]] static Checked<std::unique_ptr<UpstreamTls>> open(const Config& config);  // blocking
  [[nodiscard]] boost::asio::ssl::context& context(const std::string& ca) { return *contexts_.at(ca); }

 private:
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> contexts_;  // by CA file; "": the system's
};

}  // namespace stead::proxy
