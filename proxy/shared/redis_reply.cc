#include "proxy/shared/redis_reply.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>

namespace stead::proxy {
namespace {

using Functions = redisReplyObjectFunctions;
using CreateArray = decltype(Functions::createArray);

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

// hiredis's own, taken from a reader of it.
CreateArray& default_create_array() {
  static CreateArray function = nullptr;
  return function;
}

// hiredis allocates a list when its length arrives, before its elements. `Size` differs between its releases.
template <class Size>
void* create_bounded_array(const redisReadTask* task, Size elements) {
  if constexpr (std::is_signed_v<Size>)
    if (elements < 0) return nullptr;
  if (static_cast<std::size_t>(elements) > RedisReader::kMaxElements) return nullptr;
  return default_create_array()(task, elements);
}

Functions& bounded_functions(const Functions& defaults) {
  static Functions functions = [&] {
    default_create_array() = defaults.createArray;
    Functions out = defaults;
    out.createArray = create_bounded_array;
    return out;
  }();
  return functions;
}

RedisReply value_of(const redisReply& from) {
  RedisReply out;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::number;
      out.number = from.integer;
      break;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      out.kind = RedisReply::Kind::text;
      out.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      out.kind = RedisReply::Kind::error;
      out.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::list;
      for (std::size_t i = 0; i < static_cast<std::size_t>(from.elements); ++i)
        if (from.element[i] != nullptr) out.list.push_back(value_of(*from.element[i]));
      break;
    default:
      break;
  }
  return out;
}

Problem not_redis(const char* why) {
  return {.message = std::string("the server does not speak Redis's protocol: ") + why, .where = {}, .fix = {}};
}

}  // namespace

struct RedisReader::Parser {
  redisReader* reader = nullptr;
};

void RedisReader::FreeParser::operator()(Parser* parser) const noexcept {
  redisReaderFree(parser->reader);
  delete parser;
}

RedisReader::RedisReader() : parser_(new Parser) {
  parser_->reader = redisReaderCreate();
  if (parser_->reader == nullptr) throw std::bad_alloc();
  parser_->reader->fn = &bounded_functions(*parser_->reader->fn);
}

Checked<void> RedisReader::feed(std::string_view octets) {
  redisReader& reader = *parser_->reader;
  if (reader.err != 0) return not_redis(reader.errstr);
  if (reader.len - reader.pos + octets.size() > kMaxOctets) return not_redis("a reply of more than 1 MiB");
  if (redisReaderFeed(&reader, octets.data(), octets.size()) != REDIS_OK) return not_redis(reader.errstr);
  return {};
}

Checked<std::optional<RedisReply>> RedisReader::next() {
  redisReader& reader = *parser_->reader;
  void* found = nullptr;
  if (redisReaderGetReply(&reader, &found) != REDIS_OK) return not_redis(reader.errstr);
  if (found == nullptr) return std::optional<RedisReply>();
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(found));
  return std::optional<RedisReply>(value_of(*reply));
}

std::string redis_command(const std::vector<std::string_view>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* made = nullptr;
  const auto size = redisFormatCommandArgv(&made, static_cast<int>(arguments.size()), texts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  std::string out(made, static_cast<std::size_t>(size));
  redisFreeCommand(made);
  return out;
}

}  // namespace stead::proxy
