#include "proxy/admin/admin_socket.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/http/http_date.h"
#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"
#include "proxy/observe/log_exception.h"
#include "proxy/observe/request_ids.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::chrono::seconds kPatience{30};  // for a request, and for the reading of its answer

Problem problem(const std::string& path, const std::string& what) {
  return {.message = "the admin socket cannot be opened: " + what, .where = path, .fix = {}};
}

bool is_ours(const struct stat& file) {
  return file.st_uid == ::geteuid() || file.st_uid == 0;
}

// What is wrong with a file that is in the way; empty: nothing, or there is none.
std::string fault_of_old(const std::string& path) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0) return errno == ENOENT ? "" : std::strerror(errno);
  if (!S_ISSOCK(file.st_mode)) return "there is a file of this name that is no socket";
  return is_ours(file) ? "" : "there is a socket of another user";
}

// Empty: there is none any more.
std::string remove_old(asio::io_context& loop, const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return "";
  stream_protocol::socket probe(loop);
  Error refused;
  probe.connect(stream_protocol::endpoint(path), refused);
  if (!refused) return "another process listens there; is the proxy running already?";
  return ::unlink(path.c_str()) == 0 ? "" : std::strerror(errno);
}

// Whoever may make files there could put a socket of their own in place of ours.
std::string fault_of_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct stat file{};
  if (::stat(folder.empty() ? "." : folder.c_str(), &file) != 0) return folder + ": " + std::strerror(errno);
  if (!is_ours(file)) return folder + " belongs to another user";
  const bool others_write = (file.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return others_write && (file.st_mode & S_ISVTX) == 0 ? folder + " can be written by other users" : "";
}

// 0 and this process's own user; nothing else may order anything.
bool may_order(stream_protocol::socket& socket, std::string& who) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  who = "uid " + std::to_string(peer.uid) + ", pid " + std::to_string(peer.pid);
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool accepts_text(std::string_view accept) {
  return accept.starts_with("text/plain");
}

OwnResponse refusal(int status, std::string words) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(words) + "\n"};
}

// One request on each connection.
asio::awaitable<void> answer(std::shared_ptr<stream_protocol::socket> socket, AdminApi& api, std::string who) {
  std::string head_bytes;
  std::array<char, 4096> piece{};
  std::size_t end = std::string::npos;
  while (end == std::string::npos && head_bytes.size() < kMaxHead) {
    const auto [error, size] = co_await socket->async_read_some(asio::buffer(piece), as_result);
    if (error) co_return;
    head_bytes.append(piece.data(), size);
    end = end_of_head(head_bytes);
  }
  OwnResponse response;
  RequestHead head;
  if (end == std::string::npos) {
    response = refusal(431, "the head is too long");
  } else {
    head_bytes.resize(end);
    const auto violation = check_request_head(head_bytes);
    if (violation || !parse_request_head(head_bytes, head)) {
      response = refusal(violation ? violation->status : 400, "the request is malformed");
    } else if (!head.origin.empty() || !head.sec_fetch_site.empty()) {
      response = refusal(403, "not for browsers");
    } else {
      AdminApi::Call call{.method = std::string(head.method),
                          .target = std::string(head.target),
                          .who = std::move(who),
                          .as_text = accepts_text(head.accept)};
      response = co_await api.respond(std::move(call));
    }
  }
  std::string out;
  RequestIds ids;
  HttpDate date;
  const std::string id = ids.next();
  write_own_response_head(out, response, id, date.now(), AfterResponse::close);
  out += response.body;
  (void)co_await asio::async_write(*socket, asio::buffer(out), as_result);
  Error ignored;
  socket->shutdown(stream_protocol::socket::shutdown_both, ignored);
}

asio::awaitable<void> end_in_time(std::shared_ptr<stream_protocol::socket> socket,
                                  std::shared_ptr<asio::steady_timer> timer) {
  const auto [error] = co_await timer->async_wait(as_result);
  Error ignored;
  if (!error) socket->close(ignored);
}

asio::awaitable<void> accept_all(std::shared_ptr<stream_protocol::acceptor> acceptor, AdminApi& api) {
  while (acceptor->is_open()) {
    auto [error, accepted] = co_await acceptor->async_accept(as_result);
    if (error == asio::error::operation_aborted || !acceptor->is_open()) co_return;
    if (error) {
      asio::steady_timer pause(acceptor->get_executor(), std::chrono::milliseconds(100));
      (void)co_await pause.async_wait(as_result);
      continue;
    }
    const auto socket = std::make_shared<stream_protocol::socket>(std::move(accepted));
    std::string who;
    if (!may_order(*socket, who)) {
      spdlog::warn("the admin socket was used by {}, and was closed: it is for root and the proxy's own user", who);
      continue;
    }
    const auto timer = std::make_shared<asio::steady_timer>(acceptor->get_executor(), kPatience);
    asio::co_spawn(acceptor->get_executor(), end_in_time(socket, timer), log_exception);
    asio::co_spawn(acceptor->get_executor(), answer(socket, api, std::move(who)),
                   [timer](const std::exception_ptr& problem) {
                     timer->cancel();
                     log_exception(problem);
                   });
  }
}

}  // namespace

Checked<void> AdminSocket::check(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return problem(path, "the path is too long for a socket");
  if (const std::string fault = fault_of_folder(path); !fault.empty()) return problem(path, fault);
  if (const std::string fault = fault_of_old(path); !fault.empty()) return problem(path, fault);
  return {};
}

Checked<std::unique_ptr<AdminSocket>> AdminSocket::open(asio::io_context& loop, const std::string& path) {
  if (auto good = check(path); !good) return good.error();
  if (const std::string fault = remove_old(loop, path); !fault.empty()) return problem(path, fault);
  auto acceptor = std::make_shared<Acceptor>(loop);
  Error error;
  acceptor->open(stream_protocol(), error);
  const mode_t before = ::umask(0177);
  if (!error) acceptor->bind(stream_protocol::endpoint(path), error);
  ::umask(before);
  if (!error) acceptor->listen(16, error);
  if (error) return problem(path, error.message());
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0 || file.st_uid != ::geteuid() || (file.st_mode & 0777) != 0600)
    return problem(path, "it is not ours alone");
  return std::unique_ptr<AdminSocket>(new AdminSocket(std::move(acceptor), path));
}

AdminSocket::~AdminSocket() {
  Error ignored;
  acceptor_->close(ignored);
  ::unlink(path_.c_str());
}

void AdminSocket::serve(AdminApi& api) {
  asio::co_spawn(acceptor_->get_executor(), accept_all(acceptor_, api), log_exception);
}

}  // namespace stead::proxy
