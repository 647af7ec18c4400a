#include "arpent/common/http_workers.hpp"

#include <exception>
#include <system_error>
#include <utility>

namespace ar::command {
namespace {

HttpResponse answer_or_fail(const HttpWorkers::Answer& answer, const HttpRequest& request) {
  try {
    return answer(request);
  } catch (const std::exception&) {
    return text_response(500, "the response could not be made");
  }
}

}  // namespace

HttpWorkers::HttpWorkers(const Limits& limits, Answer answer, Done done)
    : most_waiting_(limits.waiting), answer_(std::move(answer)), done_(std::move(done)) {
  for (int i = 0; i < limits.threads; ++i) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) {
        throw;
      }
      return;
    }
  }
}

HttpWorkers::~HttpWorkers() {
  {
    const std::lock_guard guard{mutex_};
    ends_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool HttpWorkers::add(HttpExchange& exchange) noexcept {
  {
    const std::lock_guard guard{mutex_};
    if (waiting_.size() >= most_waiting_) {
      return false;
    }
    waiting_.push_back(&exchange);
  }
  changed_.notify_one();
  return true;
}

void HttpWorkers::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [&] { return ends_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    HttpExchange& exchange = *waiting_.front();
    waiting_.pop_front();
    const bool ends = ends_;
    lock.unlock();
    if (!ends) {
      exchange.response = answer_or_fail(answer_, exchange.request);
    }
    done_(exchange.connection);
    lock.lock();
  }
}

}  // namespace ar::command
