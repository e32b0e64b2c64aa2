// proxy_load ADDRESS PORT HOST PATH SERVICE REQUESTS CONNECTIONS
//
// Load for a web server that signs users in by Negotiate: a token of its own in each request, made by the stock library
// of the ccache in KRB5CCNAME, all of them before the first is sent. One request after the other on each connection.
// Prints {"requests", "seconds", "good"} as JSON; exits 1 where not every answer was a 200.
#include <arpa/inet.h>
#include <gssapi/gssapi.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstddef>
#include <cstdint>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string token_for(gss_name_t service) {
  OM_uint32 minor = 0;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_OID_desc spnego{6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
  gss_buffer_desc out{};
  const OM_uint32 major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, service, &spnego,
                                               GSS_C_MUTUAL_FLAG, 0, nullptr, nullptr, nullptr, &out, nullptr, nullptr);
  if (GSS_ERROR(major)) {
    std::fputs("proxy_load: no token: is there a ticket in KRB5CCNAME?\n", stderr);
    std::exit(2);
  }
  std::string text((out.length + 2) / 3 * 4 + 1, '\0');
  text.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                               static_cast<unsigned char*>(out.value), static_cast<int>(out.length))));
  gss_release_buffer(&minor, &out);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return text;
}

int connect_to(const char* address, int port) {
  const int wire = ::socket(AF_INET, SOCK_STREAM, 0), one = 1;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address, &to.sin_addr);
  if (::connect(wire, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    std::perror("proxy_load: connect");
    std::exit(2);
  }
  ::setsockopt(wire, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return wire;
}

// One answer with a Content-Length; its status, 0 where the connection ended.
int read_answer(int wire, std::string& held) {
  std::size_t end = std::string::npos;
  char block[16384];
  const auto more = [&] {
    const ssize_t n = ::recv(wire, block, sizeof block, 0);
    if (n > 0) held.append(block, static_cast<std::size_t>(n));
    return n > 0;
  };
  while ((end = held.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return 0;
  const int status = std::atoi(held.c_str() + 9);
  const std::size_t length = held.find("Content-Length: ");
  const std::size_t size = end + 4 + (length < end ? std::strtoul(held.c_str() + length + 16, nullptr, 10) : 0);
  while (held.size() < size)
    if (!more()) return 0;
  held.erase(0, size);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8)
    return std::fputs("usage: proxy_load ADDRESS PORT HOST PATH SERVICE REQUESTS CONNECTIONS\n", stderr), 2;
  const int port = std::atoi(argv[2]), count = std::atoi(argv[6]), connections = std::atoi(argv[7]);
  OM_uint32 minor = 0;
  gss_buffer_desc name{std::string(argv[5]).size(), argv[5]};
  gss_name_t service = GSS_C_NO_NAME;
  gss_OID_desc principal{10,
                         const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01")};  // GSS_KRB5_NT_PRINCIPAL_NAME
  gss_import_name(&minor, &name, &principal, &service);
  std::vector<std::string> requests;
  for (int i = 0; i < count; ++i)
    requests.push_back(std::string("GET ") + argv[4] + " HTTP/1.1\r\nHost: " + argv[3] +
                       "\r\nAuthorization: Negotiate " + token_for(service) + "\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  std::vector<int> good(static_cast<std::size_t>(connections), 0);
  std::vector<std::thread> threads;
  for (int c = 0; c < connections; ++c)
    threads.emplace_back([&, c] {
      int wire = connect_to(argv[1], port);
      std::string held;
      for (std::size_t i = static_cast<std::size_t>(c); i < requests.size();
           i += static_cast<std::size_t>(connections)) {
        (void)!::send(wire, requests[i].data(), requests[i].size(), MSG_NOSIGNAL);
        const int status = read_answer(wire, held);
        if (status == 200) ++good[static_cast<std::size_t>(c)];
        if (status == 0) ::close(wire), wire = connect_to(argv[1], port), held.clear();
      }
      ::close(wire);
    });
  for (std::thread& thread : threads) thread.join();
  int all = 0;
  for (const int one : good) all += one;
  std::printf("{\"requests\": %d, \"seconds\": %.3f, \"good\": %d}\n", count,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), all);
  return all == count ? 0 : 1;
}
