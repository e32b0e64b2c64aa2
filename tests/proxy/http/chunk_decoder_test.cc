#include "proxy/http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

using namespace std::string_literals;

// Feeds `coded` in pieces of `size` octets and collects the body. `left` is what follows the end.
struct Read {
  ChunkDecoder::Status end = ChunkDecoder::Status::need_more;
  std::string body, left, trailers;
};
Read read_in_pieces(const std::string& coded, std::size_t size, BodyOf of = BodyOf::request) {
  ChunkDecoder decoder(of);
  Read out;
  std::string held;
  for (std::size_t at = 0; at < coded.size(); at += size) {
    held += coded.substr(at, size);
    while (true) {
      const auto found = decoder.next(held);
      out.body += found.data;
      held.erase(0, found.consumed);
      if (found.status == ChunkDecoder::Status::data) continue;
      out.end = found.status;
      break;
    }
    if (out.end == ChunkDecoder::Status::malformed) return out;
    if (out.end == ChunkDecoder::Status::end) {
      out.trailers = decoder.trailers();
      out.left = held + (at + size < coded.size() ? coded.substr(at + size) : "");
      return out;
    }
  }
  return out;
}

struct Coded {
  const char* name;
  std::string bytes;
  ChunkDecoder::Status end;
  std::string body;
};
constexpr auto kEnd = ChunkDecoder::Status::end;
constexpr auto kMore = ChunkDecoder::Status::need_more;
constexpr auto kBad = ChunkDecoder::Status::malformed;

class Chunks : public testing::TestWithParam<Coded> {};
TEST_P(Chunks, AreReadAlikeHoweverTheyAreSplit) {
  for (std::size_t size = 1; size <= GetParam().bytes.size(); ++size) {
    const Read read = read_in_pieces(GetParam().bytes, size);
    EXPECT_EQ(read.end, GetParam().end) << "in pieces of " << size;
    if (GetParam().end == kEnd) {
      EXPECT_EQ(read.body, GetParam().body) << "in pieces of " << size;
      EXPECT_EQ(read.trailers, "");
    }
    EXPECT_EQ(read_in_pieces(GetParam().bytes, size, BodyOf::response).end == kBad,
              GetParam().end == kBad && !std::string_view(GetParam().name).starts_with("tolerated_"))
        << "in a response, in pieces of " << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Taken, Chunks,
                         testing::Values(Coded{"empty", "0\r\n\r\n", kEnd, ""},
                                         Coded{"one", "5\r\nhello\r\n0\r\n\r\n", kEnd, "hello"},
                                         Coded{"two", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", kEnd, "abc"},
                                         Coded{"hex", "a\r\n0123456789\r\n0\r\n\r\n", kEnd, "0123456789"},
                                         Coded{"upper_hex", "A\r\n0123456789\r\n0\r\n\r\n", kEnd, "0123456789"},
                                         Coded{"leading_zeros", "0003\r\nabc\r\n00\r\n\r\n", kEnd, "abc"},
                                         Coded{"extension", "3;name=value\r\nabc\r\n0\r\n\r\n", kEnd, "abc"},
                                         Coded{"quoted_extension", "3;n=\"a;b\"\r\nabc\r\n0;x\r\n\r\n", kEnd, "abc"},
                                         Coded{"trailer", "1\r\na\r\n0\r\nX-Sum: 12\r\nY: z\r\n\r\n", kEnd, "a"},
                                         Coded{"line_ends_inside", "4\r\n\r\n\r\n\r\n0\r\n\r\n", kEnd, "\r\n\r\n"}),
                         [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Refused, Chunks,
    testing::Values(Coded{"bare_lf_after_size", "5\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"bare_lf_after_data", "5\r\nhello\n0\r\n\r\n", kBad, ""},
                    Coded{"bare_cr_after_size", "5\rhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"lf_in_extension", "5;a\nb\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"cr_in_extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"nul_in_extension", "5;\0\r\nhello\r\n0\r\n\r\n"s, kBad, ""},
                    Coded{"prefix", "0x5\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"plus", "+5\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"minus", "-1\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"leading_blank", " 5\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_trailing_blank", "5 \r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_blank_before_extension", "5 ;a\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_tab", "5\t \r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_blank_in_trailer", "0\r\nX : y\r\n\r\n", kBad, ""},
                    Coded{"tolerated_empty_extension", "5;\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_open_quote", "5;a=\"\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_open_quote_at_the_end", "0;a=\"\r\nX: \"\r\n\r\n", kBad, ""},
                    Coded{"tolerated_escape_at_the_end_of_a_line", "5;a=\"\\\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"tolerated_length_in_trailer", "0\r\nContent-Length: 5\r\n\r\n", kBad, ""},
                    Coded{"tolerated_coding_in_trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n", kBad, ""},
                    Coded{"tolerated_no_list_in_trailer", "0\r\nConnection: ;\r\n\r\n", kBad, ""},
                    Coded{"blank_inside_size", "5 5\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"blank_and_noise", "5 x\r\nhello\r\n0\r\n\r\n", kBad, ""},
                    Coded{"no_size", "\r\nhello\r\n0\r\n\r\n", kBad, ""}, Coded{"no_digits", "g\r\n", kBad, ""},
                    Coded{"underscore", "1_0\r\n", kBad, ""}, Coded{"overflow", "fffffffffffffffff\r\n", kBad, ""},
                    Coded{"data_too_long", "5\r\nhello!\r\n0\r\n\r\n", kBad, ""},
                    Coded{"data_too_short", "5\r\nhell\r\n0\r\n\r\n", kBad, ""},
                    Coded{"trailer_without_colon", "0\r\nnonsense\r\n\r\n", kBad, ""},
                    Coded{"trailer_bare_lf", "0\r\nX: y\n\r\n", kBad, ""},
                    Coded{"folded_trailer", "0\r\nX: y\r\n z\r\n\r\n", kBad, ""},
                    Coded{"folded_field_trailer", "0\r\nX: y\r\n z: w\r\n\r\n", kBad, ""},
                    Coded{"request_as_trailer", "0\r\nGET /admin HTTP/1.1\r\n\r\n", kBad, ""},
                    Coded{"long_line", "1;" + std::string(2000, 'a') + "\r\n", kBad, ""}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(Unfinished, Chunks,
                         testing::Values(Coded{"size", "5", kMore, ""}, Coded{"cr", "5\r", kMore, ""},
                                         Coded{"data", "5\r\nhel", kMore, ""}, Coded{"last", "0\r\n", kMore, ""},
                                         Coded{"trailer", "0\r\nX: y\r\n", kMore, ""}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(ChunkDecoder, LeavesWhatFollowsTheBody) {
  const std::string next = "GET / HTTP/1.1\r\n";
  for (std::size_t size = 1; size < 40; ++size)
    EXPECT_EQ(read_in_pieces("3\r\nabc\r\n0\r\n\r\n" + next, size).left, next) << size;
}

TEST(ChunkDecoder, KeepsTheTrailersOfAResponse) {
  const std::string coded = "3 ; x\r\nabc\r\n0 \r\nX-Sum:  12 \r\nY \t: z\r\n\r\n";
  for (std::size_t size = 1; size <= coded.size(); ++size) {
    const Read read = read_in_pieces(coded, size, BodyOf::response);
    EXPECT_EQ(read.body, "abc");
    EXPECT_EQ(read.trailers, "X-Sum: 12\r\nY: z\r\n");
  }
}

TEST(ChunkDecoder, HasBegunOnceASizeLineIsUnderstood) {
  ChunkDecoder decoder(BodyOf::request);
  EXPECT_FALSE(decoder.begun());
  (void)decoder.next("5\r");
  EXPECT_FALSE(decoder.begun());
  (void)decoder.next("5\r\n");
  EXPECT_TRUE(decoder.begun());
}

}  // namespace
}  // namespace stead::proxy
