#include "kdc/server/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kdc/forest/forest_file.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc {
namespace {

// A blocking socket with a deadline, as a stock client has.
class Socket {
 public:
  Socket(int kind, const Controller& dc) : fd_(socket(AF_INET, kind, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(dc.kerberos_port);
    inet_pton(AF_INET, dc.address.c_str(), &to.sin_addr);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] bool connected() const { return connected_; }
  void write(Bytes bytes) const {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
  }
  [[nodiscard]] Buffer read(std::size_t most = 65536) const {
    Buffer out(most);
    const ssize_t size = recv(fd_, out.data(), out.size(), 0);
    out.resize(size > 0 ? std::size_t(size) : 0);
    return out;
  }
  [[nodiscard]] Buffer read_frame() const {
    Buffer head;
    while (head.size() < 4) {
      const Buffer more = read(4 - head.size());
      if (more.empty()) return {};
      append(head, more);
    }
    Buffer body;
    while (body.size() < load_be32(head.data())) {
      const Buffer more = read(load_be32(head.data()) - body.size());
      if (more.empty()) return {};
      append(body, more);
    }
    return body;
  }

 private:
  int fd_;
  bool connected_ = false;
};

Buffer frame(Bytes body) {
  Buffer out(4);
  store_be32(out.data(), std::uint32_t(body.size()));
  append(out, body);
  return out;
}

class ServerOverSockets : public testing::Test {
 protected:
  ServerOverSockets() : forest_(parse_forest(test::kTwoForests, "test.toml", ".").forest), directory_(forest_) {
    for (const Domain& domain : forest_.domains)
      for (Controller controller : domain.controllers) {
        controller.address = "127.0.0.1";
        controller.kerberos_port = controller.ldap_port = controller.kpasswd_port = 0;
        served_.push_back({domain.realm, controller});
      }
  }
  void start(ServerOptions options = {}) {
    options.cores = 2;
    server_ = std::make_unique<Server>(directory_, served_, options);
    const auto bound = server_->bind();
    ASSERT_TRUE(bound) << to_string(bound.error());
    thread_ = std::thread([this] { server_->run(); });
  }
  ~ServerOverSockets() override {
    if (server_) server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] const Controller& dc() const { return server_->controllers().front().controller; }
  static Buffer as_req(const std::string& name) {
    KdcReq request;
    request.type = MessageType::as_req;
    request.body.cname = PrincipalName{NameType::principal, {name}};
    request.body.realm = "NORTH.EXAMPLE";
    request.body.sname = krbtgt_name("NORTH.EXAMPLE");
    request.body.etypes = {EncType::aes256_cts_hmac_sha1_96};
    return encode(request);
  }
  static KrbErrc code_of(Bytes reply) {
    const auto error = decode_krb_error(reply);
    return error ? error->code : KrbErrc::KDC_ERR_NONE;
  }

  Forest forest_;
  Directory directory_;
  std::vector<ServedController> served_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(ServerOverSockets, AnswersByUdpAndTcp) {
  start();
  const Socket udp(SOCK_DGRAM, dc());
  udp.write(as_req("olav"));
  EXPECT_EQ(code_of(udp.read()), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  const Socket tcp(SOCK_STREAM, dc());
  for (const auto& [name, code] :
       {std::pair{"olav", KrbErrc::KDC_ERR_PREAUTH_REQUIRED}, {"nobody", KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN}}) {
    tcp.write(frame(as_req(name)));
    EXPECT_EQ(code_of(tcp.read_frame()), code);
  }
}

TEST_F(ServerOverSockets, TakesAFrameInPieces) {
  start();
  const Socket tcp(SOCK_STREAM, dc());
  for (const std::uint8_t byte : frame(as_req("olav"))) tcp.write(Bytes(&byte, 1));
  EXPECT_EQ(code_of(tcp.read_frame()), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
}

TEST_F(ServerOverSockets, MakesKeysOffTheEventLoopAndThenAnswers) {
  start();
  const Socket tcp(SOCK_STREAM, dc());
  tcp.write(frame(as_req("open")));  // no preauthentication: a ticket, which needs keys
  EXPECT_TRUE(decode_kdc_rep(tcp.read_frame()));
}

TEST_F(ServerOverSockets, RefusesFramesThatAreTooLong) {
  start();
  for (const std::uint32_t length : {0x80000001u, 0x7fffffffu, 200000u}) {
    const Socket tcp(SOCK_STREAM, dc());
    Buffer head(8);
    store_be32(head.data(), length);
    tcp.write(head);
    EXPECT_EQ(code_of(tcp.read_frame()), KrbErrc::KRB_ERR_FIELD_TOOLONG);
    EXPECT_TRUE(tcp.read().empty());
  }
}

TEST_F(ServerOverSockets, SurvivesEveryTruncation) {
  start();
  const Socket udp(SOCK_DGRAM, dc());
  const Buffer whole = as_req("olav");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    udp.write(Bytes(whole).first(size));
    EXPECT_EQ(code_of(udp.read()), KrbErrc::KRB_ERR_GENERIC) << size;
  }
  udp.write(as_bytes("no Kerberos"));
  udp.write(whole);
  EXPECT_EQ(code_of(udp.read()), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
}

TEST_F(ServerOverSockets, ClosesTheLongestSilentConnectionWhereThereAreTooMany) {
  start({.max_connections = 2});
  std::vector<std::unique_ptr<Socket>> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(std::make_unique<Socket>(SOCK_STREAM, dc()));
  const Socket late(SOCK_STREAM, dc());
  late.write(frame(as_req("alice")));
  EXPECT_NE(code_of(late.read_frame()), KrbErrc::KDC_ERR_NONE);
  EXPECT_TRUE(silent.front()->read().empty());
}

TEST_F(ServerOverSockets, ClosesIdleConnections) {
  start({.idle_timeout = std::chrono::seconds(1)});
  const Socket idle(SOCK_STREAM, dc());
  ASSERT_TRUE(idle.connected());
  EXPECT_TRUE(idle.read().empty());
}

// Whoever sees the sockets may end it before it got as far as to serve.
TEST_F(ServerOverSockets, HearsASignalThatCameBeforeItServed) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Server server(directory_, served_, {.cores = 2});
    const auto bound = server.bind();
    ASSERT_TRUE(bound) << to_string(bound.error());
    raise(signal);
    server.run();
  }
}

TEST_F(ServerOverSockets, NamesThePortThatIsTaken) {
  start();
  std::vector<ServedController> again{server_->controllers().front()};
  Server second(directory_, again, {.cores = 1});
  const auto bound = second.bind();
  ASSERT_FALSE(bound);
  const std::string what = to_string(bound.error());
  EXPECT_NE(what.find("cannot bind UDP 127.0.0.1:" + std::to_string(dc().kerberos_port)), std::string::npos) << what;
}

}  // namespace
}  // namespace stead::kdc
