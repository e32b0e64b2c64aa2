#pragma once
// The admin API's Unix socket: for root and the user of the process only. The file has mode 0600, and the kernel tells of
// each connection who it is (SO_PEERCRED).
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>

#include "proxy/admin/admin_api.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class AdminSocket {
 public:
  // Makes the file. One that is there is replaced if it is a socket of ours at which nobody listens, and refused
  // otherwise, as is a folder where others may make files.
  [[nodiscard]] static Checked<std::unique_ptr<AdminSocket>> open(boost::asio::io_context& loop,
                                                                  const std::string& path);
  // What open() would refuse of the folder, and of a file that is there.
  [[nodiscard]] static Checked<void> check(const std::string& path);
  ~AdminSocket();  // removes the file; in the loop
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Until the socket is destroyed. `api` outlives it.
  void serve(AdminApi& api);

 private:
  using Acceptor = boost::asio::local::stream_protocol::acceptor;
  AdminSocket(std::shared_ptr<Acceptor> acceptor, std::string path)
      : acceptor_(std::move(acceptor)), path_(std::move(path)) {}

  std::shared_ptr<Acceptor> acceptor_;
  std::string path_;
};

}  // namespace stead::proxy
