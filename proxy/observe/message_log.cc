#include "proxy/observe/message_log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/observe/log_text.h"

namespace stead::proxy {
namespace {

class WriterSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriterSink(LogWriter& writer) : writer_(writer) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string text;
    append_log_text(text, std::string_view(message.payload.data(), message.payload.size()));
    spdlog::details::log_msg escaped = message;
    escaped.payload = text;
    spdlog::memory_buf_t line;
    formatter_->format(escaped, line);
    writer_.take(std::string(line.data(), line.size()));
  }
  void flush_() override {}

  LogWriter& writer_;
};

}  // namespace

MessageLog::MessageLog(LogWriter& writer) : before_(spdlog::default_logger()) {
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<WriterSink>(writer));
  logger->set_pattern(kMessagePattern, spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

MessageLog::~MessageLog() {
  spdlog::set_default_logger(before_);
}

}  // namespace stead::proxy
