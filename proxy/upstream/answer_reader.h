#pragma once
// Reads the head of a back end's final response. Passes interim responses (RFC 9110 §15.2) on to the client; if the back
// end has to prove its identity first, by its final response, they stay in client.out().
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/upstream/client_exchange.h"
#include "proxy/upstream/forward_job.h"

namespace stead::proxy {

class AnswerReader {
 public:
  enum class Upgrade { not_requested, requested };
  // The head goes to memory.answer, which refers to memory.answer_head.
  AnswerReader(const ForwardContext& context, const ForwardJob& job, ClientExchange& client,
               UpstreamConnection& upstream, ForwardMemory& memory, Upgrade upgrade)
      : context_(context), job_(job), client_(client), upstream_(upstream), memory_(memory), upgrade_(upgrade) {}

  enum class Outcome { final, no_answer, client_left };
  [[nodiscard]] boost::asio::awaitable<Outcome> read();
  [[nodiscard]] bool began() const { return began_; }  // the back end sent something
  // After Outcome::no_answer: how the connection ended. TLS may have said why: "certificate required".
  [[nodiscard]] const std::string& ending() const { return ending_; }
  // After Outcome::no_answer: what is wrong with the response; empty: the connection ended or was too slow.
  [[nodiscard]] const std::string& diagnosis() const { return diagnosis_; }

 private:
  enum class HeadState { incomplete, interim, final, malformed };
  [[nodiscard]] HeadState take_head();  // from the buffer, without reading
  [[nodiscard]] HeadState malformed(std::string_view what);
  [[nodiscard]] boost::asio::awaitable<bool> pass_interim_on();

  const ForwardContext& context_;
  const ForwardJob& job_;
  ClientExchange& client_;
  UpstreamConnection& upstream_;
  ForwardMemory& memory_;
  Upgrade upgrade_;
  std::size_t searched_ = 0;  // octets of the buffer that do not end a head
  bool began_ = false;
  std::string diagnosis_, ending_ = "the connection ended before a response";
};

}  // namespace stead::proxy
