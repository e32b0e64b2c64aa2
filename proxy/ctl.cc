#include "proxy/ctl.h"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/sign_in/login_form.h"
#include "stead/result.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

struct Command {
  std::string_view name, method, path, parameter;  // parameter: of the one argument; empty: none
  bool is_needed = false;
  std::string_view help;
};
constexpr std::array kCommands{
    Command{"status", "GET", "/status.json", "", false,
            "the process, its routes, back ends and last failures, as JSON"},
    Command{"sessions", "GET", "/sessions", "user", false,
            "the sessions that this process has seen, of USER or of all"},
    Command{"end-sessions", "POST", "/end-sessions", "user", true, "ends all sessions of USER"},
    Command{"purge-tickets", "POST", "/purge-tickets", "user", true, "asks the KDCs again for the tickets of USER"},
    Command{"upstreams", "GET", "/upstreams", "", false, "the back ends and their health"},
    Command{"drain", "POST", "/drain", "upstream", true, "sends no new requests to UPSTREAM"},
    Command{"undrain", "POST", "/undrain", "upstream", true, "sends requests to UPSTREAM again"},
    Command{"why", "GET", "/why", "id", true, "what became of the request with ID, if it failed lately"},
    Command{"log-level", "POST", "/log-level", "level", true, "error, warning, info or debug"},
    Command{"reload", "POST", "/reload", "", false, "reads the configuration again"},
};

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

int wrong(const std::string& what) {
  std::fprintf(stderr, "stead-proxy ctl: %s\n", what.c_str());
  return 2;
}

// The status and the body; nothing: the answer is none.
std::optional<std::pair<int, std::string>> parse_answer(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string::npos || !answer.starts_with("HTTP/1.1 ") || answer.size() < 12) return std::nullopt;
  return std::pair{std::atoi(answer.c_str() + 9), answer.substr(end + 4)};
}

}  // namespace

std::string ctl_commands() {
  std::string out;
  for (const Command& command : kCommands) {
    std::string usage(command.name);
    if (!command.parameter.empty())
      usage += command.is_needed ? " " + upper(command.parameter) : " [" + upper(command.parameter) + "]";
    usage.resize(std::max<std::size_t>(usage.size() + 2, 24), ' ');
    out.append("  ").append(usage).append(command.help).append("\n");
  }
  return out;
}

int run_ctl(const CtlCall& call) {
  const std::string name = call.command.empty() ? "" : call.command.front();
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) { return one.name == name; });
  if (found == kCommands.end())
    return wrong((name.empty() ? "a command is needed:\n" : "there is no command " + name + ":\n") + ctl_commands());
  const std::size_t arguments = call.command.size() - 1;
  if (arguments > (found->parameter.empty() ? 0U : 1U) || (found->is_needed && arguments == 0))
    return wrong(name + (found->parameter.empty() ? " takes no argument" : " takes one " + upper(found->parameter)));
  std::string target(found->path);
  if (arguments == 1) target.append("?").append(found->parameter).append("=").append(percent_encode(call.command[1]));

  asio::io_context loop;
  asio::local::stream_protocol::socket socket(loop);
  Error error;
  if (call.socket.size() < sizeof(sockaddr_un::sun_path))
    socket.connect(asio::local::stream_protocol::endpoint(call.socket), error);
  else
    error = asio::error::name_too_long;
  if (error) {
    std::fprintf(stderr, "%s: no proxy can be asked there: %s\n", call.socket.c_str(), error.message().c_str());
    return 1;
  }
  const std::string request = std::string(found->method) + " " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: " +
                              (call.json ? "application/json" : "text/plain") + "\r\nConnection: close\r\n\r\n";
  asio::write(socket, asio::buffer(request), error);
  std::string text;
  if (!error) asio::read(socket, asio::dynamic_buffer(text), error);
  const auto answer = parse_answer(text);
  if (!answer) {
    std::fprintf(stderr, "%s: the connection was closed: it is for root and the proxy's own user\n",
                 call.socket.c_str());
    return 1;
  }
  std::fputs(answer->second.c_str(), answer->first == 200 ? stdout : stderr);
  return answer->first == 200 ? 0 : 1;
}

}  // namespace stead::proxy
