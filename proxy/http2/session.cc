#include "proxy/http2/session.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kFrameHead = 9;
constexpr std::size_t kMaxAcks = 100;  // that wait to be sent

nghttp2_nv field_of(std::string_view name, std::string_view value) {
  // Values that differ each time would only drive others out of the client's table.
  const bool varies = name == "set-cookie" || name == "www-authenticate" || name == "x-request-id";
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = static_cast<std::uint8_t>(varies ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
}

// The fields of lines of "Name: value" with CR LF, whose names are put into lower case in place.
void append_fields(std::vector<nghttp2_nv>& out, char* lines, std::size_t size) {
  std::string_view rest(lines, size);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::size_t colon = rest.substr(0, end).find(':');
    if (colon != std::string_view::npos) {
      char* const name = lines + (rest.data() - lines);
      std::transform(name, name + colon, name, lower_letter);
      const std::string_view name_text(name, colon);
      if (!is_connection_specific(name_text) && name_text != "sec-websocket-accept")
        out.push_back(field_of(name_text, trim_blanks(rest.substr(colon + 1, end - colon - 1))));
    }
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
}

}  // namespace

// --- what nghttp2 calls ---------------------------------------------------------------------------------------------

struct Http2Session::Callbacks {
  static Http2Session& self(void* data) { return *static_cast<Http2Session*>(data); }
  static std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* data) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Http2Session& own = self(data);
    const std::int32_t id = frame->hd.stream_id;
    auto stream = std::make_shared<Http2Stream>(id, own.options_.header_bytes);
    nghttp2_session_set_stream_user_data(session, id, stream.get());
    own.streams_.emplace(id, std::move(stream));
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* data) {
    // Trailers of a request are dropped: a back end could take them for header fields.
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Http2Session& own = self(data);
    Http2Stream* const stream = own.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    stream->fields.add(text(name, name_size), text(value, value_size));
    if (stream->fields.octets() > 4 * own.options_.header_bytes) own.set_flood("octets of a head");
    return own.flood_.empty() ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  // By default nghttp2 drops such a field and goes on.
  static int invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                            const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Http2Session& own = self(data);
    const auto found = own.streams_.find(frame->hd.stream_id);
    if (found == own.streams_.end()) return 0;
    const Http2StreamPtr stream = found->second;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->body_ended = true;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream->body = stream->body_ended ? RequestFields::Body::none : RequestFields::Body::follows;
      own.handler_.request_arrived(stream);
    } else if (stream->body_ended && stream->waiter != nullptr) {
      stream->waiter->body_changed();
    }
    return 0;
  }

  static int data_received(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* octets,
                           std::size_t size, void* data) {
    Http2Stream* const stream = self(data).find(id);
    if (stream == nullptr || stream->nobody_reads || stream->response_sent) {
      nghttp2_session_consume(session, id, size);
      return 0;
    }
    stream->unconsumed += size;
    stream->incoming.append(text(octets, size));
    if (stream->waiter != nullptr) stream->waiter->body_changed();
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* data) {
    Http2Session& own = self(data);
    const auto found = own.streams_.find(id);
    if (found == own.streams_.end()) return 0;
    const Http2StreamPtr stream = std::move(found->second);
    own.streams_.erase(found);
    own.close(*stream);
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    Http2Session& own = self(data);
    const auto type = frame->hd.type;
    if (type == NGHTTP2_DATA) own.guard_.note_data_sent();
    Http2Stream* const stream = own.find(frame->hd.stream_id);
    if (type == NGHTTP2_RST_STREAM && (stream == nullptr || !stream->reset_by_us) &&
        frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
      own.set_flood(own.guard_.note_caused_reset(own.now_));
      return 0;
    }
    if (stream == nullptr || (type != NGHTTP2_DATA && type != NGHTTP2_HEADERS) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return 0;
    stream->response_sent = true;
    if (stream->waiter != nullptr) stream->waiter->out_changed();
    return 0;
  }

  static int frame_invalid(nghttp2_session*, const nghttp2_frame*, int, void* data) {
    self(data).handler_.malformed_frame();
    return 0;
  }

  static ssize_t read_data(nghttp2_session* session, std::int32_t id, std::uint8_t*, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::size_t available = std::min(size, stream.to_send());
    if (available == 0 && !stream.out_ended) {
      stream.deferred = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (available < stream.to_send() || !stream.out_ended) return static_cast<ssize_t>(available);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    std::vector<nghttp2_nv> fields;
    append_fields(fields, stream.trailers.data(), stream.trailers.size());
    if (!fields.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session, id, fields.data(), fields.size());
    }
    return static_cast<ssize_t>(available);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source* source, void* data) {
    Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
    std::string& out = *self(data).collecting_;
    out.append(text(head, kFrameHead));
    const std::size_t own = std::min(size, stream.out.size() - stream.out_sent);
    out.append(stream.out, stream.out_sent, own);
    stream.out_sent += own;
    if (stream.out_sent == stream.out.size()) {
      stream.out.clear();
      stream.out_sent = 0;
    }
    out.append(stream.large.substr(0, size - own));
    stream.large.remove_prefix(size - own);
    if (stream.waiter != nullptr) stream.waiter->out_changed();
    return 0;
  }

  static const nghttp2_session_callbacks* all() {
    static const nghttp2_session_callbacks* const callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(made, header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(made, invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame_received);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, data_received);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_closed);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, frame_sent);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, frame_invalid);
      nghttp2_session_callbacks_set_send_data_callback(made, send_data);
      return made;
    }();
    return callbacks;
  }

  static const nghttp2_option* options() {
    static const nghttp2_option* const option = [] {
      nghttp2_option* made = nullptr;
      if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_max_outbound_ack(made, kMaxAcks);
      return made;
    }();
    return option;
  }
};

// --- the session ----------------------------------------------------------------------------------------------------

Http2Session::Http2Session(const Http2Options& options, Handler& handler)
    : handler_(handler), options_(options), guard_(options.floods, Clock::now()), now_(Clock::now()) {
  nghttp2_session* made = nullptr;
  if (nghttp2_session_server_new2(&made, Callbacks::all(), this, Callbacks::options()) != 0) throw std::bad_alloc();
  session_.reset(made);
  const auto settings = std::to_array<nghttp2_settings_entry>({
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(options.streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(options.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.header_bytes)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  });
  if (nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0 ||
      nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0,
                                            static_cast<std::int32_t>(options.connection_window)) != 0)
    throw std::bad_alloc();
}

Http2Session::~Http2Session() = default;

Http2Stream* Http2Session::find(std::int32_t id) const {
  const auto found = streams_.find(id);
  return found != streams_.end() ? found->second.get() : nullptr;
}

void Http2Session::set_flood(std::string_view flood) {
  if (flood_.empty()) flood_ = flood;
}

bool Http2Session::feed(std::string_view octets, Clock::time_point now) {
  now_ = now;
  set_flood(guard_.check(octets, now));
  if (flood_.empty()) {
    const ssize_t result =
        nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
    if (result == NGHTTP2_ERR_BAD_CLIENT_MAGIC || result == NGHTTP2_ERR_NOMEM) return false;
    // nghttp2 has limits of its own, by version.
    if (result < 0) set_flood(guard_.in_header_block() ? "CONTINUATION frames" : "frames that must be answered");
  }
  if (flood_.empty()) return true;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
  return false;
}

void Http2Session::collect(std::string& out, std::size_t enough) {
  collecting_ = &out;
  while (out.size() < enough) {
    const std::uint8_t* octets = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &octets);
    if (size <= 0) break;
    out.append(Callbacks::text(octets, static_cast<std::size_t>(size)));
  }
  collecting_ = nullptr;
}

bool Http2Session::is_over() const {
  return nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
}

void Http2Session::submit_head(Http2Stream& stream, std::string_view status, std::string_view lines, Body body) {
  std::vector<nghttp2_nv> fields;
  fields.reserve(24);
  fields.push_back(field_of(":status", status));
  append_fields(fields, const_cast<char*>(lines.data()), lines.size());
  if (status.starts_with('1')) {
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, fields.data(), fields.size(),
                           nullptr);
    return;
  }
  stream.head_sent = true;
  nghttp2_data_provider provider{.source = {.ptr = &stream}, .read_callback = Callbacks::read_data};
  nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(),
                          body == Body::follows ? &provider : nullptr);
}

void Http2Session::send_heads(Http2Stream& stream, std::string& heads, Body body) {
  if (stream.closed) return;
  for (std::size_t at = 0; at < heads.size();) {
    const std::size_t end = std::min(heads.find("\r\n\r\n", at), heads.size());
    const std::size_t first_line_end = std::min(heads.find("\r\n", at), end);
    std::string_view status = std::string_view(heads).substr(at).substr(9, 3);  // "HTTP/1.1 200 OK"
    // A tunnel is open by a status 200 (RFC 8441 §5). No other answer to CONNECT may say that.
    if (stream.fields.opens_tunnel()) {
      if (status == "101")
        status = "200";
      else if (status.starts_with('2'))
        status = "502";
    }
    const std::size_t lines = std::min(first_line_end + 2, end);
    submit_head(stream, status, std::string_view(heads).substr(lines, end - lines), body);
    at = end + 4;
  }
}

void Http2Session::resume(Http2Stream& stream) {
  if (stream.closed || !stream.deferred) return;
  stream.deferred = false;
  nghttp2_session_resume_data(session_.get(), stream.id);
}

void Http2Session::consume(Http2Stream& stream, std::size_t octets) {
  if (stream.closed || octets == 0) return;
  stream.unconsumed -= octets;
  nghttp2_session_consume(session_.get(), stream.id, octets);
}

void Http2Session::reset(Http2Stream& stream, std::uint32_t error_code) {
  if (stream.closed) return;
  stream.reset_by_us = true;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, error_code);
}

void Http2Session::announce_end() {
  nghttp2_submit_shutdown_notice(session_.get());
}

void Http2Session::end() {
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Session::close(Http2Stream& stream) {
  stream.closed = true;
  if (stream.unconsumed > 0) nghttp2_session_consume_connection(session_.get(), std::exchange(stream.unconsumed, 0));
  stream.large = {};
  if (stream.waiter == nullptr) return;
  stream.waiter->body_changed();
  stream.waiter->out_changed();
}

void Http2Session::lose() {
  while (!streams_.empty()) {
    const Http2StreamPtr stream = streams_.begin()->second;
    streams_.erase(streams_.begin());
    lost_.push_back(stream);
    close(*stream);
  }
}

}  // namespace stead::proxy
