#include "proxy/observe/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace stead::proxy {
namespace {

constexpr std::chrono::seconds kLastWrites{1};
// After a write the thread lets lines gather for so long: waking it for each line costs more than the line.
constexpr std::chrono::milliseconds kGather{5};
constexpr std::size_t kMaxWrite = 256 * 1024;
constexpr std::size_t kMaxPipeWrite = 4096;  // PIPE_BUF: a pipe that poll(2) calls writable takes this without waiting
constexpr int kPollMilliseconds = 100;

std::uint64_t count_lines(std::string_view text) {
  const auto ends = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

// What one write may take: whole lines where they fit.
std::string_view next_piece(std::string_view rest) {
  if (rest.size() <= kMaxPipeWrite) return rest;
  const std::size_t end = rest.substr(0, kMaxPipeWrite).rfind('\n');
  return rest.substr(0, end == std::string_view::npos ? kMaxPipeWrite : end + 1);
}

}  // namespace

struct LogWriter::State {
  std::string path, name;
  int file = STDERR_FILENO;
  bool is_regular = false, is_socket = false;
  bool line_is_broken = false;  // a write failed within a line

  std::mutex mutex;
  std::condition_variable wake, done;
  std::deque<std::string> blocks;
  std::size_t waiting = 0;
  bool ending = false, reopening = false, ended = false;
  bool asleep = false;  // until somebody wakes it
  int next_file = -1;   // to be used in place of `file`; negative: none
  std::string next_path;
  std::atomic<bool> give_up{false};
  std::atomic<std::uint64_t> dropped{0};

  ~State() {
    if (file != STDERR_FILENO) ::close(file);
  }
  void look_at_file() {
    struct stat is{};
    const bool known = ::fstat(file, &is) == 0;
    is_regular = known && S_ISREG(is.st_mode);
    is_socket = known && S_ISSOCK(is.st_mode);
  }
  void run();
  [[nodiscard]] std::string take_waiting();
  void write(const std::string& block);
  ssize_t write_some(std::string_view text) const;
  void open_again(int fresh);  // negative: the file at `path`
};

// Returns 0 if the file cannot take anything now.
ssize_t LogWriter::State::write_some(std::string_view text) const {
  if (!is_regular) {
    pollfd one{file, POLLOUT, 0};
    if (::poll(&one, 1, kPollMilliseconds) == 0) return 0;
  }
  const ssize_t n = is_socket ? ::send(file, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(file, text.data(), text.size());
  return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : n;
}

void LogWriter::State::write(const std::string& block) {
  std::string_view rest = block;
  while (!rest.empty()) {
    const bool first_ends_a_line = line_is_broken;
    const std::string_view piece = first_ends_a_line ? std::string_view("\n") : is_regular ? rest : next_piece(rest);
    const ssize_t n = give_up ? -1 : write_some(piece);
    if (n < 0) {
      if (rest.size() < block.size()) line_is_broken = block[block.size() - rest.size() - 1] != '\n';
      dropped += count_lines(rest);
      return;
    }
    if (n > 0) line_is_broken = false;
    if (!first_ends_a_line) rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void LogWriter::State::open_again(int fresh) {
  if (fresh < 0 && path.empty()) return;
  if (fresh < 0) fresh = open_file(path);
  if (fresh < 0) {
    spdlog::error("{} cannot be opened again at {}: {}; the open file stays in use", name, path, std::strerror(errno));
    return;
  }
  const int before = std::exchange(file, fresh);
  if (before != STDERR_FILENO) ::close(before);
  line_is_broken = false;
  look_at_file();
}

std::string LogWriter::State::take_waiting() {
  std::string out = std::move(blocks.front());
  for (blocks.pop_front(); !blocks.empty() && out.size() + blocks.front().size() <= kMaxWrite; blocks.pop_front())
    out += blocks.front();
  return out;
}

void LogWriter::State::run() {
  std::unique_lock lock(mutex);
  while (true) {
    asleep = true;
    wake.wait(lock, [this] { return ending || reopening || !blocks.empty(); });
    asleep = false;
    if (!blocks.empty()) {
      const std::string block = take_waiting();
      lock.unlock();
      write(block);
      lock.lock();
      waiting -= block.size();
      if (blocks.empty()) (void)wake.wait_for(lock, kGather, [this] { return ending || reopening; });
    } else if (reopening) {
      reopening = false;
      const int fresh = std::exchange(next_file, -1);
      if (fresh >= 0) path = next_path;
      lock.unlock();
      open_again(fresh);
      lock.lock();
    } else {
      ended = true;
      done.notify_all();
      return;
    }
  }
}

Checked<std::unique_ptr<LogWriter>> LogWriter::open(const std::string& path, const std::string& name) {
  auto state = std::make_shared<State>();
  if (!path.empty()) {
    const int file = open_file(path);
    if (file < 0)
      return Problem{
          .message = name + " cannot be opened: " + std::string(std::strerror(errno)), .where = path, .fix = {}};
    state->file = file;
  }
  state->path = path;
  state->name = name;
  state->look_at_file();
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(state)));
}

LogWriter::LogWriter(std::shared_ptr<State> state) : state_(std::move(state)) {
  std::thread([kept = state_] { kept->run(); }).detach();
}

LogWriter::~LogWriter() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->wake.notify_one();
  if (state_->done.wait_for(lock, kLastWrites, [this] { return state_->ended; })) return;
  state_->give_up = true;
  (void)state_->done.wait_for(lock, std::chrono::milliseconds(2 * kPollMilliseconds), [this] { return state_->ended; });
}

void LogWriter::take(std::string lines) {
  if (lines.empty()) return;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting + lines.size() > kMaxWaiting) {
      state_->dropped += count_lines(lines);
      return;
    }
    state_->waiting += lines.size();
    state_->blocks.push_back(std::move(lines));
    if (!std::exchange(state_->asleep, false)) return;
  }
  state_->wake.notify_one();
}

void LogWriter::reopen() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->reopening = true;
  }
  state_->wake.notify_one();
}

Checked<void> LogWriter::reopen(const std::string& path) {
  const int fresh = path.empty() ? STDERR_FILENO : open_file(path);
  if (fresh < 0)
    return Problem{
        .message = state_->name + " cannot be opened: " + std::string(std::strerror(errno)), .where = path, .fix = {}};
  {
    const std::lock_guard lock(state_->mutex);
    const int unused = std::exchange(state_->next_file, fresh);
    if (unused > STDERR_FILENO) ::close(unused);
    state_->next_path = path;
    state_->reopening = true;
  }
  state_->wake.notify_one();
  return {};
}

std::uint64_t LogWriter::dropped_lines() const {
  return state_->dropped.load();
}

}  // namespace stead::proxy
