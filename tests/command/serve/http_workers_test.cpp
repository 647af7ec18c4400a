// Tests tools/arpent/common/http_workers.cpp
#include "arpent/common/http_workers.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <semaphore>
#include <stdexcept>
#include <string>

namespace ar::command {
namespace {

HttpExchange exchange_for(const std::string& path) {
  return {.connection = nullptr, .request = {.method = "GET", .path = path, .parameters = {}, .headers = {}}};
}

TEST(HttpWorkers, TakeNoMoreThanMayWait) {
  HttpExchange first = exchange_for("first");
  HttpExchange second = exchange_for("second");
  HttpExchange third = exchange_for("third");
  HttpExchange fourth = exchange_for("fourth");
  std::latch begun{1};
  std::latch goes_on{1};
  std::counting_semaphore<> done{0};
  HttpWorkers workers{{.threads = 1, .waiting = 2},
                      [&](const HttpRequest& request) {
                        if (request.path == "first") {
                          begun.count_down();
                          goes_on.wait();
                        }
                        return text_response(200, request.path);
                      },
                      [&](MHD_Connection* /*connection*/) { done.release(); }};
  ASSERT_TRUE(workers.add(first));
  begun.wait();  // it waits no longer
  EXPECT_TRUE(workers.add(second));
  EXPECT_TRUE(workers.add(third));
  EXPECT_FALSE(workers.add(fourth));
  goes_on.count_down();
  for (int i = 0; i < 3; ++i) {
    done.acquire();
  }
  ASSERT_TRUE(third.response);
  EXPECT_EQ(*third.response->body, "third\n");
  EXPECT_FALSE(fourth.response);
}

TEST(HttpWorkers, MakeAnExceptionAStatus) {
  HttpExchange exchange = exchange_for("any");
  std::latch done{1};
  HttpWorkers workers{{.threads = 2, .waiting = 1},
                      [](const HttpRequest&) -> HttpResponse { throw std::runtime_error{"no memory"}; },
                      [&](MHD_Connection* /*connection*/) { done.count_down(); }};
  ASSERT_TRUE(workers.add(exchange));
  done.wait();
  ASSERT_TRUE(exchange.response);
  EXPECT_EQ(exchange.response->status, 500);
}

}  // namespace
}  // namespace ar::command
