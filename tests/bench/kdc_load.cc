// kdc_load: asks one KDC the same kind of thing many times by UDP, and says what CPU time that took the server's
// process.
//
//   kdc_load ADDRESS PORT PID REALM CLIENT PASSWORD KIND SERVICE [COUNT]
//
// KIND: as (SERVICE is not used) and tgs by UDP; s4u2self (SERVICE names the user) and s4u2proxy (SERVICE, for the user
// "al") by one TCP connection, because their replies are longer than the datagrams that Active Directory sends. Every
// request is made before the first is sent and differs from all others (nonce, time, subkey): nothing can be answered
// from a cache of replies. A few are in flight at a time. Prints one JSON object: microseconds of user and system time
// a request, and bytes of the last reply.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/messages/s4u_messages.h"

namespace stead {
namespace {

constexpr int kInFlight = 8;
constexpr int kPatience = 5000;  // milliseconds for the next reply
constexpr auto kEtype = EncType::aes256_cts_hmac_sha1_96;

[[noreturn]] void fail(const std::string& why) {
  throw std::runtime_error(why);
}

template <class T>
T must(Result<T> result, const char* what) {
  if (!result) fail(std::string(what) + ": " + result.error().message());
  return std::move(*result);
}

PrincipalName principal(const std::string& text) {
  return must(parse_principal(text), "principal").name;
}

struct CpuTime {
  double user = 0, system = 0;  // seconds
};
CpuTime cpu_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(file, line)) fail("no process " + pid);
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  const double tick = 1.0 / double(sysconf(_SC_CLK_TCK));
  return {double(user) * tick, double(system) * tick};
}

// A socket to the KDC: datagrams, or one connection for all requests.
class Kdc {
 public:
  Kdc(const char* address, const char* port, int type) : type_(type), socket_(::socket(AF_INET, type, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      fail(std::string("cannot connect to ") + address);
  }
  ~Kdc() { ::close(socket_); }
  Kdc(const Kdc&) = delete;
  Kdc& operator=(const Kdc&) = delete;

  void send(Bytes request) const {
    Buffer frame(type_ == SOCK_STREAM ? 4 : 0);
    if (type_ == SOCK_STREAM) store_be32(frame.data(), std::uint32_t(request.size()));
    append(frame, request);
    if (::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL) != ssize_t(frame.size())) fail("cannot send");
  }
  [[nodiscard]] Buffer receive() const {
    if (type_ == SOCK_STREAM) {
      const Buffer head = read(4);
      return read(load_be32(head.data()));
    }
    wait();
    Buffer reply(65536);
    const auto size = ::recv(socket_, reply.data(), reply.size(), 0);
    if (size <= 0) fail("no reply");
    reply.resize(static_cast<std::size_t>(size));
    return reply;
  }

 private:
  void wait() const {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, kPatience) != 1) fail("no reply");
  }
  [[nodiscard]] Buffer read(std::size_t size) const {
    Buffer out(size);
    for (std::size_t have = 0; have < size;) {
      wait();
      const auto got = ::recv(socket_, out.data() + have, size - have, 0);
      if (got <= 0) fail("the connection ended");
      have += std::size_t(got);
    }
    return out;
  }

  int type_;
  int socket_;
};

// One request by TCP, which has no limit on the reply.
struct Asker {
  const char *address, *port;
  [[nodiscard]] Buffer ask(Bytes request) const {
    const Kdc kdc(address, port, SOCK_STREAM);
    kdc.send(request);
    return kdc.receive();
  }
};

struct Credential {
  Ticket ticket;
  Key session_key;
  std::string crealm;
  PrincipalName cname;
};

Credential read_reply(Bytes bytes, const Key& key, KeyUsage usage) {
  if (!bytes.empty() && bytes[0] == der::application(30)) {
    const auto error = must(decode_krb_error(bytes), "KRB-ERROR");
    fail(std::string("the KDC says ") + krb_error_name(std::int32_t(error.code)));
  }
  auto reply = must(decode_kdc_rep(bytes), "KDC-REP");
  const auto part =
      must(decode_enc_kdc_rep_part(must(decrypt_data(key, usage, reply.enc_part), "enc-part")), "EncKDCRepPart");
  return {std::move(reply.ticket), must(Key::make(part.key), "session key"), std::move(reply.crealm),
          std::move(reply.cname)};
}

class Client {
 public:
  Client(Asker kdc, std::string realm, PrincipalName name, const std::string& password)
      : kdc_(kdc),
        realm_(std::move(realm)),
        name_(std::move(name)),
        start_(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())) {
    const auto error = must(decode_krb_error(kdc_.ask(encode(as_body()))), "the first answer");
    if (error.code != KrbErrc::KDC_ERR_PREAUTH_REQUIRED) fail("the client needs no preauthentication, or is not known");
    const auto methods = method_data_of(error);
    for (const auto& entry : must(decode_etype_info2(find_padata(methods, PaType::etype_info2)->value), "ETYPE-INFO2"))
      if (entry.etype == kEtype) key_ = must(Key::from_password(kEtype, password, entry.salt.value_or("")), "key");
    tgt_ = read_reply(kdc_.ask(as_request()), key_, KeyUsage::as_rep_encrypted_part);
  }

  [[nodiscard]] Buffer as_request() {
    KdcReq request = as_body();
    // Times in the past, a microsecond apart.
    const PaEncTsEnc stamp{.patimestamp = start_, .pausec = next_++};
    request.padata.push_back(
        {PaType::enc_timestamp, encode(encrypt_data(key_, KeyUsage::as_req_timestamp, encode(stamp)))});
    return encode(request);
  }

  [[nodiscard]] Buffer tgs_request(const std::string& service) { return tgs_request(service, 0, {}, nullptr); }
  [[nodiscard]] Buffer s4u2self_request(const std::string& user) {
    const Principal whom{{NameType::principal, {user}}, realm_};
    return tgs_request(to_string(name_), 0, {}, &whom);
  }
  [[nodiscard]] Buffer s4u2proxy_request(const std::string& service, const Ticket& evidence) {
    return tgs_request(service, kdc_option::cname_in_addl_tkt, {evidence}, nullptr);
  }
  [[nodiscard]] Ticket evidence(const std::string& user) {
    return read_reply(kdc_.ask(s4u2self_request(user)), last_subkey_, KeyUsage::tgs_rep_encrypted_part_subkey).ticket;
  }
  void check(Bytes tgs_reply) const {
    (void)read_reply(tgs_reply, last_subkey_, KeyUsage::tgs_rep_encrypted_part_subkey);
  }

 private:
  [[nodiscard]] KdcReq as_body() const {
    KdcReq request;
    request.type = MessageType::as_req;
    request.body.options = kdc_option::forwardable | kdc_option::renewable | kdc_option::canonicalize;
    request.body.cname = name_;
    request.body.realm = realm_;
    request.body.sname = krbtgt_name(realm_);
    request.body.till = start_ + std::chrono::hours(24);
    request.body.nonce = random_nonce();
    request.body.etypes = {kEtype};
    return request;
  }

  Buffer tgs_request(const std::string& service, std::uint32_t options, std::vector<Ticket> additional,
                     const Principal* user) {
    KdcReq request;
    request.type = MessageType::tgs_req;
    request.body.options = kdc_option::forwardable | kdc_option::canonicalize | options;
    request.body.realm = realm_;
    request.body.sname = principal(service);
    request.body.till = start_ + std::chrono::hours(24);
    request.body.nonce = random_nonce();
    request.body.etypes = {kEtype};
    request.body.additional_tickets = std::move(additional);
    request.body_der = encode(request.body);
    last_subkey_ = Key::random(kEtype);
    Authenticator authenticator;
    authenticator.crealm = tgt_.crealm;
    authenticator.cname = tgt_.cname;
    authenticator.ctime = start_;
    authenticator.cusec = next_++;
    authenticator.subkey = last_subkey_.to_encryption_key();
    authenticator.checksum =
        make_checksum(tgt_.session_key, KeyUsage::tgs_req_authenticator_checksum, request.body_der);
    request.padata.push_back(
        {PaType::tgs_req, encode(ApReq{.options = 0,
                                       .ticket = tgt_.ticket,
                                       .authenticator = encrypt_data(tgt_.session_key, KeyUsage::tgs_req_authenticator,
                                                                     encode(authenticator))})});
    if (user != nullptr) {
      PaS4uX509User pa;
      pa.user_id = {.nonce = request.body.nonce,
                    .cname = user->name,
                    .crealm = user->realm,
                    .subject_certificate = {},
                    .options = s4u_option::use_reply_key_usage};
      pa.checksum = make_checksum(last_subkey_, KeyUsage::pa_s4u_x509_user_request, encode(pa.user_id));
      request.padata.push_back({PaType::s4u_x509_user, encode(pa)});
    }
    if ((options & kdc_option::cname_in_addl_tkt) != 0)
      request.padata.push_back(
          {PaType::pac_options, encode_pa_pac_options(pac_option::resource_based_constrained_delegation)});
    return encode(request);
  }

  Asker kdc_;
  std::string realm_;
  PrincipalName name_;
  Time start_;
  std::int32_t next_ = 0;
  Key key_, last_subkey_;
  Credential tgt_;
};

int run(int argc, char** argv) {
  if (argc < 9) {
    std::fputs("kdc_load ADDRESS PORT PID REALM CLIENT PASSWORD KIND SERVICE [COUNT]\n", stderr);
    return 2;
  }
  const std::string pid = argv[3], kind = argv[7], service = argv[8];
  const std::size_t count = argc > 9 ? std::size_t(std::atol(argv[9])) : 5000;
  const Asker asker{argv[1], argv[2]};
  Client client(asker, argv[4], principal(argv[5]), argv[6]);
  std::vector<Buffer> requests;
  const bool as = kind == "as";
  Ticket evidence;
  if (kind == "s4u2proxy") evidence = client.evidence("al");
  for (std::size_t i = 0; i < count; ++i) {
    if (as)
      requests.push_back(client.as_request());
    else if (kind == "tgs")
      requests.push_back(client.tgs_request(service));
    else if (kind == "s4u2self")
      requests.push_back(client.s4u2self_request(service));
    else if (kind == "s4u2proxy")
      requests.push_back(client.s4u2proxy_request(service, evidence));
    else
      fail("no kind " + kind);
  }
  const std::uint8_t expected = der::application(as ? 11 : 13);

  const Kdc kdc(argv[1], argv[2], kind.starts_with("s4u") ? SOCK_STREAM : SOCK_DGRAM);
  const CpuTime before = cpu_time(pid);
  const auto begun = std::chrono::steady_clock::now();
  std::size_t sent = 0;
  Buffer reply;
  for (std::size_t received = 0; received < count; ++received) {
    while (sent < count && sent - received < kInFlight) kdc.send(requests[sent++]);
    reply = kdc.receive();
    if (reply.empty() || reply[0] != expected) (void)read_reply(reply, {}, {});
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const CpuTime after = cpu_time(pid);
  if (!as) client.check(asker.ask(requests.back()));  // and the replies are what they should be
  const double micro = 1e6 / double(count);
  std::printf(
      "{\"kind\": \"%s\", \"requests\": %zu, \"user_us\": %.2f, \"system_us\": %.2f, \"wall_us\": %.2f, "
      "\"reply_bytes\": %zu}\n",
      kind.c_str(), count, (after.user - before.user) * micro, (after.system - before.system) * micro, wall * micro,
      reply.size());
  return 0;
}

}  // namespace
}  // namespace stead

int main(int argc, char** argv) try { return stead::run(argc, argv); } catch (const std::exception& error) {
  std::fprintf(stderr, "kdc_load: %s\n", error.what());
  return 1;
}
