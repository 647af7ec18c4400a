// inference-server WEIGHTS: classifies digits over HTTP; see README.md.
//
// Exit status: 0 stopped by SIGINT or SIGTERM, 1 the weights or the port cannot be had, 2 wrong usage.
#include <httplib.h>
#include <pthread.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <arpent/ml/weight_store.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "../digits/digit_model.hpp"
#include "metrics.hpp"
#include "worker.hpp"

namespace {

using namespace inference_server;

struct Options {
  std::string weights;
  std::string host = "127.0.0.1";
  int port = 8080;
  std::size_t workers = 2;
  Limits limits;
};

int fail(const std::string& text) {
  std::fprintf(stderr, "inference-server: %s\n", text.c_str());
  return 1;
}

// Each of the server's threads takes the next worker when its first request comes. There are as many of the
// one as of the other, and threads live as long as the server.
class Workers {
 public:
  Workers(const digits::DigitModel& model, const Options& options) {
    for (std::size_t index = 0; index < options.workers; ++index) {
      workers_.push_back(std::make_unique<Worker>(model, options.limits));
    }
  }
  [[nodiscard]] Worker& mine() {
    thread_local Worker* const worker = workers_.at(taken_.fetch_add(1)).get();
    return *worker;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& all() const { return workers_; }

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> taken_ = 0;
};

constexpr std::size_t largest_body = std::size_t{16} << 20U;  // bytes

// What the server itself refuses, in words; what /classify refuses has its own.
void explain(const httplib::Request& request, httplib::Response& response) {
  if (!response.body.empty()) {
    return;
  }
  std::string text = "status " + std::to_string(response.status);
  if (response.status == 404) {
    text = "no such page: " + request.method + " " + request.path +
           "; there are POST /classify and GET /metrics";
  } else if (response.status == 413) {
    text = "too large: a body has at most " + std::to_string(largest_body) +
           " bytes, and must be of type application/octet-stream";
  }
  response.set_content(text + "\n", "text/plain");
}

void set_up(httplib::Server& server, Workers& workers, const Options& options) {
  // The library's own choice, SO_REUSEPORT, would let two servers share the port unnoticed.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.new_task_queue = [&options] { return new httplib::ThreadPool(options.workers); };
  server.set_payload_max_length(largest_body);
  server.set_keep_alive_max_count(100);  // then another connection gets its turn
  server.set_keep_alive_timeout(1);      // seconds
  server.set_tcp_nodelay(true);
  server.set_error_handler(explain);
  server.Post("/classify", [&workers](const httplib::Request& request, httplib::Response& response) {
    const Answer answer = workers.mine().classify(
        {reinterpret_cast<const std::uint8_t*>(request.body.data()), request.body.size()});
    response.status = answer.status;
    response.set_content(answer.text, answer.status == 200 ? "application/json" : "text/plain");
  });
  server.Get("/metrics", [&workers, &options](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics(workers.all(), options.limits), "text/plain; version=0.0.4");
  });
}

int serve(const Options& options) {
  const auto weights = ar::ml::WeightStore::map(options.weights, {.prefault = true});
  if (!weights) {
    return fail(weights.error().text);
  }
  const auto model = digits::DigitModel::from(*weights);
  if (!model) {
    return fail(model.error().text);
  }
  Workers workers{*model, options};
  httplib::Server server;
  set_up(server, workers, options);
  const int port = options.port == 0 ? server.bind_to_any_port(options.host)
                                     : (server.bind_to_port(options.host, options.port) ? options.port : -1);
  if (port < 0) {
    return fail("cannot listen on " + options.host + ":" + std::to_string(options.port) +
                ": the port is taken, or the address is not this machine's; --port 0 takes a free port");
  }
  // Blocked before any thread is made, so that only the one that waits for them gets them.
  sigset_t endings;
  sigemptyset(&endings);
  sigaddset(&endings, SIGINT);
  sigaddset(&endings, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &endings, nullptr);
  std::atomic<bool> ended = false;
  std::thread stopper{[&] {
    int signal = 0;
    sigwait(&endings, &signal);
    while (!server.is_running() && !ended) {  // a server that does not run yet would not hear it
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    server.stop();
  }};
  std::printf("listening on http://%s:%d\n", options.host.c_str(), port);
  std::fflush(stdout);
  const bool good = server.listen_after_bind();
  ended = true;
  if (!good) {
    pthread_kill(stopper.native_handle(), SIGTERM);
  }
  stopper.join();
  return good ? 0 : fail("the server stopped by itself");
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  CLI::App app{"Classifies digits over HTTP, each request within a memory budget.", "inference-server"};
  app.add_option("weights", options.weights, "examples/digits/digits.safetensors")->required();
  app.add_option("--host", options.host, "address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "0: any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--workers", options.workers, "threads, each with a session of its own")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--budget", options.limits.budget,
                 "bytes of scratch memory that one request may use, and as many for its result")
      ->capture_default_str();
  app.add_option("--retain", options.limits.retain, "bytes that a worker keeps between requests")
      ->capture_default_str();
  app.footer(
      "Example:\n"
      "  inference-server examples/digits/digits.safetensors --port 8080 --workers 2 --budget 1048576\n\n"
      "POST /classify takes images of 14 x 14 bytes; GET /metrics is for Prometheus.\n"
      "Exit status: 0 stopped by SIGINT or SIGTERM, 1 the weights or the port cannot be had, 2 wrong usage.");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return serve(options);
}
