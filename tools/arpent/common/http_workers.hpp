// The threads that make a server's responses, so that one which takes long delays no other client.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "arpent/common/http_message.hpp"

struct MHD_Connection;

namespace ar::command {

// A request and, after a thread has answered it, its response.
struct HttpExchange {
  MHD_Connection* connection;
  HttpRequest request;
  std::optional<HttpResponse> response = std::nullopt;
};

class HttpWorkers {
 public:
  using Answer = std::function<HttpResponse(const HttpRequest&)>;
  using Done = std::function<void(MHD_Connection*)>;

  struct Limits {
    int threads;
    std::size_t waiting;  // exchanges that no thread has begun
  };

  // Each thread calls `answer`, and `done` after it. An exception of `answer` becomes a response of status
  // 500. If the system allows fewer threads, those do; throws std::system_error if it allows none.
  HttpWorkers(const Limits& limits, Answer answer, Done done);

  // Waits for the responses in the making. Those that are not begun are done without a response.
  ~HttpWorkers();
  HttpWorkers(const HttpWorkers&) = delete;
  HttpWorkers& operator=(const HttpWorkers&) = delete;

  // Returns false if too many wait. Else the exchange must exist until it is done.
  [[nodiscard]] bool add(HttpExchange& exchange) noexcept;

 private:
  void work();

  std::size_t most_waiting_;
  Answer answer_;
  Done done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<HttpExchange*> waiting_;
  bool ends_ = false;
  std::vector<std::thread> threads_;  // last, because the threads use all of the above
};

}  // namespace ar::command
