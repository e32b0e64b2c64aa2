#pragma once
// What sign-in needs to know about a request and its connection.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {

class Negotiation;

// Why sign-in refused a request, for those who look for its cause later. Texts of users in it may be hostile.
struct RefusalNote {
  std::string_view event;   // as the audit log calls it: "sign-in refused"; empty: none
  std::string user;         // as far as they are known, or as typed
  std::string_view method;  // "kerberos", "forms", "certificate"
  std::string reason;
};

// The views are valid as long as the request.
struct RequestView {
  std::string_view method;
  std::string_view target;         // as sent, origin form: "/path?query"
  std::string_view host;           // lower case, without port
  std::string_view authority;      // as sent, with port
  std::string_view authorization;  // the one Authorization header; empty: none
  std::string_view cookie;         // Cookie headers, joined with "; "
  std::string_view accept;
  std::string_view origin;  // Origin header, empty: none
  std::string_view sec_fetch_site;
  std::string_view content_type;
  std::string remote_address;
  bool upgrades = false;              // the client wants another protocol on this connection, as a WebSocket does
  bool tls = false;                   // between the client and us, or a TLS terminator that is trusted
  std::string_view channel_bindings;  // "tls-server-end-point:" and the hash; empty on plain HTTP
  std::vector<std::uint8_t> client_certificate;  // DER; empty: none was sent or it did not verify
  std::string client_certificate_error;          // X509_verify_cert_error_string; empty: it verified, or none was sent
  std::string_view client_certificate_name;      // subject and serial number, for the log; empty: none was sent
  std::string_view request_id;
  Negotiation* negotiation = nullptr;  // of the connection; null: an exchange of several tokens is not possible
  RefusalNote* refusal = nullptr;      // sign-in writes here why it refused the request; null: nobody asks
};

}  // namespace stead::proxy
