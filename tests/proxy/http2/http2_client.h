#pragma once
// A client of HTTP/2 for tests: nghttp2's, over a blocking socket without TLS.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/proxy/http2/frames.h"
#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {

class Http2Client {
 public:
  struct Reply {
    int status = 0;
    std::vector<int> interim;
    std::map<std::string, std::string> fields, trailers;
    std::string body;
    bool head_came = false, closed = false;
    std::uint32_t error = 0;  // of the reset; 0: it ended in order
  };

  explicit Http2Client(Wire wire) : wire_(std::move(wire)) {
    nghttp2_session_callbacks* calls = nullptr;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, closed);
    nghttp2_session_client_new(&session_, calls, this);
    nghttp2_session_callbacks_del(calls);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    send();
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  enum class Ends { yes, no };  // no: more of the body follows by write()
  std::int32_t ask(FieldList fields, std::string body = {}, Ends ends = Ends::yes) {
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : fields)
      list.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    auto source = std::make_unique<Source>(Source{std::move(body), ends == Ends::yes});
    nghttp2_data_provider provider{.source = {.ptr = source.get()}, .read_callback = read};
    const bool has_body = !source->text.empty() || ends == Ends::no;
    const std::int32_t id =
        nghttp2_submit_request(session_, nullptr, list.data(), list.size(), has_body ? &provider : nullptr, nullptr);
    sources_[id] = std::move(source);
    send();
    return id;
  }
  void write(std::int32_t id, std::string_view text, Ends ends = Ends::no) {
    Source& source = *sources_.at(id);
    source.text.append(text);
    source.ends = ends == Ends::yes;
    nghttp2_session_resume_data(session_, id);
    send();
  }
  void reset(std::int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    send();
  }
  // Reads frames until `done` holds for the reply. False: the connection ended, or nothing came for long.
  template <class Done>
  bool until(std::int32_t id, Done done) {
    while (!done(replies_[id]))
      if (!read_frame()) return false;
    return true;
  }
  const Reply& wait(std::int32_t id) {
    EXPECT_TRUE(until(id, [](const Reply& reply) { return reply.closed; }));
    return replies_[id];
  }
  Reply& reply(std::int32_t id) { return replies_[id]; }
  bool read_frame() {
    std::string octets = wire_.exactly(9);
    if (octets.size() < 9) return false;
    const Frame head = read_frames(octets).at(0);
    const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(octets[0])) << 16 |
                             static_cast<std::size_t>(static_cast<unsigned char>(octets[1])) << 8 |
                             static_cast<unsigned char>(octets[2]);
    octets += wire_.exactly(size);
    if (head.type == kGoaway) goaways.push_back(read_frames(octets).at(0));
    if (nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()) < 0)
      return false;
    send();
    return true;
  }
  Wire& wire() { return wire_; }
  std::vector<Frame> goaways;

 private:
  struct Source {
    std::string text;
    bool ends = true;
  };
  static Http2Client& self(void* user) { return *static_cast<Http2Client*>(user); }
  static std::string text(const std::uint8_t* octets, std::size_t size) {
    return {reinterpret_cast<const char*>(octets), size};
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Reply& reply = self(user).replies_[frame->hd.stream_id];
    if (text(name, name_size) == ":status") {
      reply.status = std::stoi(text(value, value_size));
      if (reply.status < 200) reply.interim.push_back(reply.status);
    } else {
      (reply.head_came ? reply.trailers : reply.fields)[text(name, name_size)] = text(value, value_size);
    }
    return 0;
  }
  static int received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Reply& reply = self(user).replies_[frame->hd.stream_id];
    if (frame->hd.type == NGHTTP2_HEADERS && reply.status >= 200) reply.head_came = true;
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* octets, std::size_t size,
                  void* user) {
    self(user).replies_[id].body += text(octets, size);
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    self(user).replies_[id].closed = true;
    self(user).replies_[id].error = error;
    return 0;
  }
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size, std::uint32_t* flags,
                      nghttp2_data_source* from, void*) {
    auto& source = *static_cast<Source*>(from->ptr);
    const std::size_t n = std::min(size, source.text.size());
    if (n == 0 && !source.ends) return NGHTTP2_ERR_DEFERRED;
    std::copy_n(source.text.begin(), n, out);
    source.text.erase(0, n);
    if (source.text.empty() && source.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }
  void send() {
    const std::uint8_t* octets = nullptr;
    for (ssize_t n = nghttp2_session_mem_send(session_, &octets); n > 0;
         n = nghttp2_session_mem_send(session_, &octets))
      (void)wire_.send(text(octets, static_cast<std::size_t>(n)));
  }

  Wire wire_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Reply> replies_;
  std::map<std::int32_t, std::unique_ptr<Source>> sources_;
};

}  // namespace stead::proxy::test
