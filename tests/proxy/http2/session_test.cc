// The server's side of HTTP/2 in memory: what is answered to each error of RFC 9113, and to floods.
#include "proxy/http2/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/proxy/http2/frames.h"

namespace stead::proxy::test {
namespace {

// A session and its client.
class Peer final : private Http2Session::Handler {
 public:
  explicit Peer(const Http2Options& options = {}) : session(options, *this) { feed(begin()); }

  bool feed(std::string_view octets) {
    const bool goes_on = session.feed(octets, now);
    std::string out;
    session.collect(out, 1 << 20);
    for (Frame& one : read_frames(out)) frames.push_back(std::move(one));
    return goes_on;
  }
  bool ask(std::uint32_t stream, const FieldList& fields = get(), std::uint8_t flags = kEndStream) {
    return feed(frame(kHeaders, kEndHeaders | flags, stream, block(fields)));
  }
  // The error of the connection; nothing: there is none.
  [[nodiscard]] std::optional<std::uint32_t> goaway() const { return error_of(kGoaway, 0); }
  [[nodiscard]] std::optional<std::uint32_t> reset(std::uint32_t stream) const { return error_of(kRstStream, stream); }
  [[nodiscard]] std::size_t count(FrameType type) const {
    return static_cast<std::size_t>(std::ranges::count(frames, type, &Frame::type));
  }

  std::vector<Frame> frames;  // of the server
  std::vector<Http2StreamPtr> arrived;
  Clock::time_point now = Clock::now();
  Http2Session session;

 private:
  void request_arrived(Http2StreamPtr stream) override { arrived.push_back(std::move(stream)); }
  void malformed_frame() override {}
  [[nodiscard]] std::optional<std::uint32_t> error_of(FrameType type, std::uint32_t stream) const {
    for (const Frame& one : frames)
      if (one.type == type && one.stream == stream) return one.error();
    return std::nullopt;
  }
};

std::string head_of(Peer& peer, std::size_t number) {
  std::string bytes;
  RequestHead head;
  Http2Stream& stream = *peer.arrived.at(number);
  EXPECT_FALSE(stream.fields.finish(stream.body, bytes, head));
  return bytes;
}

TEST(Http2Session, TakesARequest) {
  Peer peer;
  EXPECT_TRUE(peer.ask(1, get("/a?b", {{"accept", "*/*"}, {"cookie", "a=1"}, {"cookie", "b=2"}})));
  ASSERT_EQ(peer.arrived.size(), 1U);
  EXPECT_EQ(head_of(peer, 0), "GET /a?b HTTP/1.1\r\nhost: web\r\naccept: */*\r\ncookie: a=1; b=2\r\n\r\n");
  EXPECT_EQ(peer.goaway(), std::nullopt);
  EXPECT_EQ(peer.count(kSettings), 2U) << "its own, and the acknowledgement";
}

// However the octets are cut.
TEST(Http2Session, TakesARequestOctetByOctet) {
  Peer peer;
  const std::string whole =
      frame(kHeaders, kEndHeaders, 1, block(get("/", {{"content-length", "2"}}))) + frame(kData, kEndStream, 1, "hi");
  for (const char octet : whole) EXPECT_TRUE(peer.feed({&octet, 1}));
  ASSERT_EQ(peer.arrived.size(), 1U);
  EXPECT_EQ(peer.arrived[0]->incoming, "hi");
  EXPECT_TRUE(peer.arrived[0]->body_ended);
}

TEST(Http2Session, SendsHeadsBodiesAndTrailers) {
  Peer peer;
  (void)peer.ask(1);
  Http2Stream& stream = *peer.arrived.at(0);
  std::string heads =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  peer.session.send_heads(stream, heads, Http2Session::Body::follows);
  stream.out = "hello ";
  stream.large = "world";
  stream.trailers = "X-Sum: 1\r\n";
  stream.out_ended = true;
  peer.frames.clear();
  (void)peer.feed("");
  ASSERT_EQ(peer.frames.size(), 4U);
  EXPECT_EQ(peer.frames[0].type, kHeaders);
  EXPECT_EQ(peer.frames[1].type, kHeaders);
  EXPECT_EQ(peer.frames[2].payload, "hello world");
  EXPECT_EQ(peer.frames[2].flags & kEndStream, 0);
  EXPECT_EQ(peer.frames[3].type, kHeaders);
  EXPECT_EQ(peer.frames[3].flags & kEndStream, kEndStream);
  EXPECT_TRUE(stream.response_sent);
  EXPECT_TRUE(stream.closed);
}

TEST(Http2Session, WaitsForTheClientsWindow) {
  Peer peer;
  (void)peer.feed(frame(kSettings, 0, 0, std::string("\0\4", 2) + be32(10)));  // INITIAL_WINDOW_SIZE
  (void)peer.ask(1);
  Http2Stream& stream = *peer.arrived.at(0);
  std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  peer.session.send_heads(stream, head, Http2Session::Body::follows);
  const std::string body(25, 'x');
  stream.large = body;
  stream.out_ended = true;
  (void)peer.feed("");
  EXPECT_EQ(stream.large.size(), 15U);
  (void)peer.feed(frame(kWindowUpdate, 0, 1, be32(10)));
  EXPECT_EQ(stream.large.size(), 5U);
  (void)peer.feed(frame(kWindowUpdate, 0, 1, be32(10)));
  EXPECT_TRUE(stream.response_sent);
}

TEST(Http2Session, GivesTheWindowBackForWhatWasTaken) {
  Peer peer({.stream_window = 65535, .connection_window = 65535});
  (void)peer.ask(1, get(), 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(peer.feed(frame(kData, 0, 1, std::string(16384, 'x'))));
  const auto before = peer.count(kWindowUpdate);
  Http2Stream& stream = *peer.arrived.at(0);
  peer.session.consume(stream, stream.incoming.size());
  (void)peer.feed("");
  EXPECT_EQ(peer.count(kWindowUpdate), before + 2) << "of the stream and of the connection";
}

TEST(Http2Session, RefusesMoreThanTheWindow) {
  Peer peer({.stream_window = 65535, .connection_window = 1024 * 1024});
  (void)peer.ask(1, get(), 0);
  for (int i = 0; i < 5; ++i) (void)peer.feed(frame(kData, 0, 1, std::string(16384, 'x')));
  EXPECT_EQ(peer.reset(1).value_or(peer.goaway().value_or(0)), NGHTTP2_FLOW_CONTROL_ERROR);
  EXPECT_LE(peer.arrived.at(0)->incoming.size(), 65535U + 16384U) << "and no more than one frame beyond it";
}

TEST(Http2Session, EndsInTwoSteps) {
  Peer peer;
  (void)peer.ask(1);
  peer.session.announce_end();
  (void)peer.feed("");
  EXPECT_EQ(peer.frames.back().payload.substr(0, 4), be32(0x7fffffff));
  (void)peer.ask(3);
  EXPECT_EQ(peer.arrived.size(), 2U) << "it was under way";
  peer.session.end();
  (void)peer.feed("");
  EXPECT_EQ(peer.frames.back().payload.substr(0, 4), be32(3));
  EXPECT_FALSE(peer.session.is_over());
  for (const Http2StreamPtr& stream : std::vector(peer.arrived)) {
    std::string head = "HTTP/1.1 204 No Content\r\n\r\n";
    peer.session.send_heads(*stream, head, Http2Session::Body::none);
  }
  (void)peer.feed("");
  EXPECT_TRUE(peer.session.is_over());
}

// --- errors of the connection (RFC 9113 §5.4.1) ----------------------------------------------------------------------

struct ConnectionError {
  const char* name;
  std::string octets;
  std::uint32_t error;
};
class ConnectionErrors : public testing::TestWithParam<ConnectionError> {};
TEST_P(ConnectionErrors, EndIt) {
  Peer peer;
  (void)peer.feed(GetParam().octets);
  EXPECT_EQ(peer.goaway(), GetParam().error);
  EXPECT_TRUE(peer.session.is_over());
}
const std::string kGet = block(get());
const std::string kOpen = frame(kHeaders, kEndHeaders, 1, kGet);
INSTANTIATE_TEST_SUITE_P(
    Rfc9113, ConnectionErrors,
    testing::Values(
        ConnectionError{"frame_too_large", frame(kData, 0, 1, std::string(16385, 'x')), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"data_on_stream_0", frame(kData, 0, 0, "x"), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"data_on_an_idle_stream", frame(kData, 0, 1, "x"), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"padding_longer_than_data", kOpen + frame(kData, kPadded, 1, "\x05xx"), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"headers_on_stream_0", frame(kHeaders, kEndHeaders, 0, kGet), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"an_even_stream", frame(kHeaders, kEndHeaders, 2, kGet), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"a_field_block_that_does_not_decode", frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff"),
                        NGHTTP2_COMPRESSION_ERROR},
        ConnectionError{"another_frame_inside_a_block", frame(kHeaders, 0, 1, kGet) + frame(kPing, 0, 0, "12345678"),
                        NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"continuation_of_another_stream",
                        frame(kHeaders, 0, 1, kGet) + frame(kContinuation, kEndHeaders, 3, ""), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"continuation_of_nothing", frame(kContinuation, kEndHeaders, 1, ""), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"reset_on_stream_0", frame(kRstStream, 0, 0, be32(8)), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"reset_of_an_idle_stream", frame(kRstStream, 0, 7, be32(8)), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"reset_of_a_wrong_size", kOpen + frame(kRstStream, 0, 1, "123"), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"settings_on_a_stream", kOpen + frame(kSettings, 0, 1, ""), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"settings_of_a_wrong_size", frame(kSettings, 0, 0, "12345"), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"settings_ack_with_octets", frame(kSettings, kAck, 0, "123456"), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"settings_with_a_window_too_large",
                        frame(kSettings, 0, 0, std::string("\0\4", 2) + be32(0x80000000)), NGHTTP2_FLOW_CONTROL_ERROR},
        ConnectionError{"settings_with_a_frame_size_too_small",
                        frame(kSettings, 0, 0, std::string("\0\5", 2) + be32(100)), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"push_promise_of_a_client", kOpen + frame(kPushPromise, kEndHeaders, 1, be32(2) + kGet),
                        NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"ping_on_a_stream", kOpen + frame(kPing, 0, 1, "12345678"), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"ping_of_a_wrong_size", frame(kPing, 0, 0, "1234567"), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"goaway_on_a_stream", kOpen + frame(kGoaway, 0, 1, be32(0) + be32(0)), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"window_update_of_0_on_a_stream", kOpen + frame(kWindowUpdate, 0, 1, be32(0)),
                        NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"window_update_of_0", frame(kWindowUpdate, 0, 0, be32(0)), NGHTTP2_PROTOCOL_ERROR},
        ConnectionError{"window_update_of_a_wrong_size", frame(kWindowUpdate, 0, 0, "123"), NGHTTP2_FRAME_SIZE_ERROR},
        ConnectionError{"window_update_beyond_the_largest", frame(kWindowUpdate, 0, 0, be32(0x7fffffff)),
                        NGHTTP2_FLOW_CONTROL_ERROR},
        ConnectionError{"window_update_of_an_idle_stream", frame(kWindowUpdate, 0, 1, be32(1)),
                        NGHTTP2_PROTOCOL_ERROR}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Http2Session, EndsWithoutAPreface) {
  class Ignore final : public Http2Session::Handler {
    void request_arrived(Http2StreamPtr) override {}
    void malformed_frame() override {}
  } ignore;
  Http2Session session({}, ignore);
  EXPECT_FALSE(session.feed("GET / HTTP/1.1\r\nHost: web\r\n\r\n", Clock::now()));
}

// --- errors of a stream (RFC 9113 §5.4.2, §8.1.1) ---------------------------------------------------------------------

struct StreamError {
  const char* name;
  FieldList fields;
  std::string after = {};  // frames behind the head
  std::uint32_t error = NGHTTP2_PROTOCOL_ERROR;
};
class StreamErrors : public testing::TestWithParam<StreamError> {};
// Either by a reset, or by the judge of heads, whose refusal is a response.
TEST_P(StreamErrors, ReachNobody) {
  Peer peer;
  const bool more = !GetParam().after.empty();
  (void)peer.ask(1, GetParam().fields, more ? 0 : kEndStream);
  if (more) (void)peer.feed(GetParam().after);
  EXPECT_EQ(peer.goaway(), std::nullopt);
  if (peer.reset(1)) {
    EXPECT_EQ(peer.reset(1), GetParam().error);
  } else {
    ASSERT_EQ(peer.arrived.size(), 1U);
    std::string bytes;
    RequestHead head;
    EXPECT_TRUE(peer.arrived[0]->fields.finish(peer.arrived[0]->body, bytes, head));
  }
  (void)peer.ask(3);
  EXPECT_FALSE(peer.arrived.empty());
  EXPECT_EQ(peer.arrived.back()->id, 3) << "the connection goes on";
}
const FieldList kPost{{":method", "POST"}, {":scheme", "https"}, {":authority", "web"}, {":path", "/"}};
FieldList post(const FieldList& more) {
  FieldList out = kPost;
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9113, StreamErrors,
    testing::Values(
        StreamError{"name_in_upper_case", get("/", {{"Accept", "x"}})},
        StreamError{"connection", get("/", {{"connection", "close"}})},
        StreamError{"keep_alive", get("/", {{"keep-alive", "x"}})},
        StreamError{"proxy_connection", get("/", {{"proxy-connection", "x"}})},
        StreamError{"transfer_encoding", get("/", {{"transfer-encoding", "chunked"}})},
        StreamError{"upgrade", get("/", {{"upgrade", "h2c"}})},
        StreamError{"te_other_than_trailers", get("/", {{"te", "gzip"}})},
        StreamError{"cr_lf_in_a_value", get("/", {{"x", "a\r\nhost: other"}})},
        StreamError{"nul_in_a_value", get("/", {{"x", std::string("a\0b", 3)}})},
        StreamError{"a_blank_in_a_name", get("/", {{"x y", "a"}})},
        StreamError{"a_colon_in_a_name", get("/", {{"x:y", "a"}})},
        StreamError{"cr_lf_in_the_path", get("/ HTTP/1.1\r\nhost: other\r\nx: y")},
        StreamError{"a_blank_in_the_path", get("/a b")},
        StreamError{"no_path", {{":method", "GET"}, {":scheme", "https"}, {":authority", "web"}}},
        StreamError{"an_empty_path", get("")}, StreamError{"a_path_that_is_none", get("x")},
        StreamError{"no_scheme", {{":method", "GET"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{"another_scheme", {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{"no_method", {{":scheme", "https"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{"a_method_that_is_no_token",
                    {{":method", "GET / HTTP/1.1"}, {":scheme", "https"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{
            "two_methods",
            {{":method", "GET"}, {":method", "PUT"}, {":scheme", "https"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{"an_unknown_pseudo_field", get("/", {{":status", "200"}})},
        StreamError{"a_pseudo_field_behind_others",
                    {{":method", "GET"}, {":scheme", "https"}, {":authority", "web"}, {"accept", "x"}, {":path", "/"}}},
        StreamError{"no_authority", {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}},
        StreamError{"a_host_that_differs", get("/", {{"host", "other"}})},
        StreamError{"an_authority_with_a_user",
                    {{":method", "GET"}, {":scheme", "https"}, {":authority", "u@web"}, {":path", "/"}}},
        StreamError{"two_authorizations", get("/", {{"authorization", "a"}, {"authorization", "b"}})},
        StreamError{"connect", {{":method", "CONNECT"}, {":authority", "web:443"}}},
        StreamError{"trace", {{":method", "TRACE"}, {":scheme", "https"}, {":authority", "web"}, {":path", "/"}}},
        StreamError{"two_content_lengths", post({{"content-length", "1"}, {"content-length", "1"}}),
                    frame(kData, kEndStream, 1, "x")},
        StreamError{"a_content_length_that_is_none", post({{"content-length", "x"}}), frame(kData, kEndStream, 1, "x")},
        StreamError{"less_than_the_content_length", post({{"content-length", "5"}}), frame(kData, kEndStream, 1, "x")},
        StreamError{"more_than_the_content_length", post({{"content-length", "1"}}),
                    frame(kData, kEndStream, 1, "xyz")},
        StreamError{"a_disguised_length", get("/", {{"content_length", "5"}})},
        StreamError{"dots_in_the_path", get("/a/../b")},
        StreamError{"an_encoded_control_in_the_path", get("/a%0d%0ab")},
        StreamError{"trailers_without_an_end", post({}), frame(kHeaders, kEndHeaders, 1, literal("x", "y"))},
        StreamError{"window_update_beyond_the_largest", post({}), frame(kWindowUpdate, 0, 1, be32(0x7fffffff)),
                    NGHTTP2_FLOW_CONTROL_ERROR}),
    [](const auto& test) { return std::string(test.param.name); });

// --- floods -----------------------------------------------------------------------------------------------------------

TEST(Http2Flood, OfResets) {
  Peer peer({.floods = {.resets_per_minute = 50}});
  bool goes_on = true;
  std::uint32_t stream = 1;
  for (int i = 0; i < 49; ++i, stream += 2)
    goes_on = goes_on && peer.ask(stream) && peer.feed(frame(kRstStream, 0, stream, be32(8)));
  EXPECT_TRUE(goes_on) << "browsers cancel many requests at once";
  for (int i = 0; i < 3 && goes_on; ++i, stream += 2)
    goes_on = peer.ask(stream) && peer.feed(frame(kRstStream, 0, stream, be32(8)));
  EXPECT_FALSE(goes_on);
  EXPECT_EQ(peer.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_FALSE(peer.session.flood().empty());
}

TEST(Http2Flood, OfResetsIsForgottenInAMinute) {
  Peer peer({.floods = {.resets_per_minute = 50}});
  std::uint32_t stream = 1;
  for (int minute = 0; minute < 3; ++minute, peer.now += std::chrono::minutes(1))
    for (int i = 0; i < 45; ++i, stream += 2)
      EXPECT_TRUE(peer.ask(stream) && peer.feed(frame(kRstStream, 0, stream, be32(8))));
}

// The client makes the server reset its streams.
TEST(Http2Flood, OfResetsThatTheClientCauses) {
  Peer peer({.floods = {.resets_per_minute = 50}});
  bool goes_on = true;
  int asked = 0;
  for (std::uint32_t stream = 1; goes_on && asked < 1000; stream += 2, ++asked)
    goes_on = peer.ask(stream, get(), 0) && peer.feed(frame(kWindowUpdate, 0, stream, be32(0x7fffffff)));
  EXPECT_FALSE(goes_on);
  EXPECT_LT(asked, 60);
  EXPECT_EQ(peer.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
}

struct Flood {
  const char* name;
  std::string one;
};
class Http2Floods : public testing::TestWithParam<Flood> {};
TEST_P(Http2Floods, EndTheConnection) {
  Peer peer;
  (void)peer.ask(1, get(), 0);
  bool goes_on = true;
  for (int i = 0; i < 10000 && goes_on; ++i) goes_on = peer.feed(GetParam().one);
  EXPECT_FALSE(goes_on);
  EXPECT_EQ(peer.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
}
INSTANTIATE_TEST_SUITE_P(Of, Http2Floods,
                         testing::Values(Flood{"ping", frame(kPing, 0, 0, "12345678")},
                                         Flood{"settings", frame(kSettings, 0, 0, "")},
                                         Flood{"priority", frame(kPriority, 0, 1, std::string("\0\0\0\0\1", 5))},
                                         Flood{"window_updates", frame(kWindowUpdate, 0, 1, be32(1))},
                                         Flood{"unknown_frames", frame(0x77, 0, 0, "")},
                                         Flood{"empty_data", frame(kData, 0, 1, "")}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Http2Flood, OfContinuations) {
  Peer peer;
  bool goes_on = peer.feed(frame(kHeaders, 0, 1, kGet));
  int sent = 0;
  for (; goes_on && sent < 1000; ++sent) goes_on = peer.feed(frame(kContinuation, 0, 1, ""));
  EXPECT_LE(sent, 9);
  EXPECT_EQ(peer.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
}

// One octet refers to a field of four thousand.
TEST(Http2Flood, OfAHeaderBomb) {
  Peer peer;
  std::string bomb = block(get());
  bomb += "\x40\x01x" + literal("", std::string(4000, 'a')).substr(2);  // with indexing: entry 62
  bomb += std::string(12000, '\xbe');
  const bool goes_on = peer.feed(frame(kHeaders, kEndHeaders | kEndStream, 1, bomb));
  EXPECT_FALSE(goes_on);
  EXPECT_EQ(peer.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(peer.arrived.empty());
}

// A stream below one that was opened is closed (RFC 9113 §5.1.1).
TEST(Http2Session, TakesNoRequestOnALowerStream) {
  Peer peer;
  (void)peer.ask(5);
  (void)peer.ask(3);
  ASSERT_EQ(peer.arrived.size(), 1U);
  EXPECT_EQ(peer.arrived[0]->id, 5);
}

TEST(Http2Session, RefusesAHeadThatIsTooLong) {
  Peer peer({.header_bytes = 2000});
  (void)peer.ask(1, get("/", {{"x", std::string(1900, 'a')}, {"y", std::string(900, 'b')}}));
  ASSERT_EQ(peer.arrived.size(), 1U);
  std::string bytes;
  RequestHead head;
  const auto violation = peer.arrived[0]->fields.finish(RequestFields::Body::none, bytes, head);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->status, 431);
}

TEST(Http2Session, RefusesMoreStreamsThanItAllows) {
  Peer peer({.streams = 3});
  (void)peer.feed(frame(kSettings, kAck, 0, ""));
  for (std::uint32_t stream = 1; stream < 9; stream += 2) (void)peer.ask(stream);
  EXPECT_EQ(peer.arrived.size(), 3U);
  EXPECT_TRUE(peer.reset(7) || peer.goaway());
}

TEST(Http2Session, OpensTunnelsForWebSocket) {
  Peer peer;
  FieldList fields{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"},
                   {":path", "/chat"},     {":authority", "web"},      {"sec-websocket-version", "13"}};
  (void)peer.ask(1, fields, 0);
  ASSERT_EQ(peer.arrived.size(), 1U);
  const std::string head = head_of(peer, 0);
  EXPECT_THAT(head,
              testing::StartsWith("GET /chat HTTP/1.1\r\nhost: web\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                                  "sec-websocket-key: "));
  EXPECT_THAT(head, testing::HasSubstr("\r\nsec-websocket-version: 13\r\n"));
}

}  // namespace
}  // namespace stead::proxy::test
