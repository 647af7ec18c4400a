#include "arpent/common/http_serving.hpp"

#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/http_workers.hpp"
#include "arpent/common/listening_socket.hpp"

namespace ar::command {
namespace {

using Clock = std::chrono::steady_clock;
using Body = std::shared_ptr<const std::string>;

constexpr unsigned most_connections = 256;
constexpr std::size_t connection_bytes =
    std::size_t{32} * 1024;  // a request, its headers, those of the response
constexpr std::chrono::seconds time_for_request{5};
constexpr std::chrono::milliseconds time_of_grace{50};
constexpr unsigned seconds_without_progress = 10;  // while a response is sent
constexpr HttpWorkers::Limits for_most_responses{.threads = 4, .waiting = most_connections};
constexpr HttpWorkers::Limits for_large_responses{.threads = 1, .waiting = 8};

// After the process had no descriptor for a connection, and no connection that could be cut off.
constexpr std::chrono::milliseconds pause_after_refusal{100};

// What the library keeps of a parameter, beside its text.
constexpr std::size_t bytes_per_parameter = 96;
constexpr std::string_view too_many_parameters =
    "HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

struct Client {
  int socket;
  Clock::time_point accepted;
  bool is_incomplete = true;  // its request has not arrived, and it is not cut off
};

MHD_Result add_field(void* fields, MHD_ValueKind /*kind*/, const char* name, std::size_t name_size,
                     const char* value, std::size_t value_size) {
  static_cast<HttpFields*>(fields)->emplace_back(
      std::string{name, name_size}, value != nullptr ? std::string{value, value_size} : std::string{});
  return MHD_YES;
}

HttpFields fields_of(MHD_Connection* connection, MHD_ValueKind kind) {
  HttpFields fields;
  ::MHD_get_connection_values_n(connection, kind, &add_field, &fields);
  return fields;
}

// Of a request that is refused even with the token.
std::optional<HttpResponse> refusal_by_protocol(const HttpRequest& request) {
  for (const std::string_view name : {"host", "authorization"}) {
    const auto is_one = [&](const auto& each) { return is_same_header(each.first, name); };
    if (std::ranges::count_if(request.headers, is_one) > 1) {  // a proxy may have looked at the other one
      return text_response(400, "this header is allowed once only");
    }
  }
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = text_response(405, "only GET and HEAD are answered");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view length = request.header("content-length");
  if (!request.header("transfer-encoding").empty() || (!length.empty() && length != "0")) {
    return text_response(413, "a request has no body here");
  }
  return std::nullopt;
}

MHD_Result queue(MHD_Connection* connection, const HttpResponse& response) {
  auto* const owner = new Body{response.body};
  const auto free_body = [](void* body) { delete static_cast<Body*>(body); };
  MHD_Response* const made = ::MHD_create_response_from_buffer_with_free_callback_cls(
      response.body->size(), const_cast<char*>(response.body->data()), free_body, owner);
  if (made == nullptr) {
    free_body(owner);
    return MHD_NO;
  }
  HttpFields headers{{"Content-Type", response.content_type},
                     {"Cache-Control", "no-store"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Connection", "close"}};
  headers.insert(headers.end(), response.headers.begin(), response.headers.end());
  for (const auto& [name, value] : headers) {
    ::MHD_add_response_header(made, name.c_str(), value.c_str());
  }
  const MHD_Result result = ::MHD_queue_response(connection, static_cast<unsigned>(response.status), made);
  ::MHD_destroy_response(made);
  return result;
}

// All but the making of responses happens in one thread, that of run().
class Server {
 public:
  Server(const HttpService& service, Descriptor listener)
      : service_(service), listener_(std::move(listener)), daemon_(start_daemon()) {}

  ~Server() {
    // Before the daemon, which must have no suspended connection when it stops.
    workers_.reset();
    workers_for_large_.reset();
    if (daemon_ != nullptr) {
      ::MHD_quiesce_daemon(daemon_);  // leaves the listener to us
      ::MHD_stop_daemon(daemon_);
    }
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] bool has_started() const { return daemon_ != nullptr && resumed_; }

  // Returns once a signal has arrived.
  void run(int signals) {
    const auto resume = [this](MHD_Connection* connection) { resume_connection(connection); };
    workers_ = std::make_unique<HttpWorkers>(for_most_responses, service_.answer, resume);
    workers_for_large_ = std::make_unique<HttpWorkers>(for_large_responses, service_.answer, resume);
    const int events = ::MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    while (true) {
      const bool accepts = Clock::now() >= accepts_from_;
      std::array<pollfd, 4> awaited{
          {{.fd = signals, .events = POLLIN, .revents = 0},
           {.fd = events, .events = POLLIN, .revents = 0},
           {.fd = resumed_.number(), .events = POLLIN, .revents = 0},
           {.fd = accepts ? listener_.number() : -1, .events = POLLIN, .revents = 0}}};
      const auto& [signal, event, resumed, arrival] = awaited;
      ::poll(awaited.data(), awaited.size(), milliseconds_to_wait());
      if (signal.revents != 0) {
        return;
      }
      if (resumed.revents != 0) {
        eventfd_t count = 0;
        ::eventfd_read(resumed_.number(), &count);
      }
      const auto changes_before = changes_;
      ::MHD_run(daemon_);  // what fails is tried again in the next turn
      cut_off_late();
      if (arrival.revents != 0 && changes_ == changes_before) {
        make_room();
      }
    }
  }

 private:
  MHD_Daemon* start_daemon() {
    return ::MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &handle,
                              this,                                                                        //
                              MHD_OPTION_LISTEN_SOCKET, listener_.number(),                                //
                              MHD_OPTION_CONNECTION_LIMIT, most_connections,                               //
                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes,                        //
                              MHD_OPTION_CONNECTION_TIMEOUT, seconds_without_progress,                     //
                              MHD_OPTION_STRICT_FOR_CLIENT, 1,                                             //
                              MHD_OPTION_URI_LOG_CALLBACK, &look_at_uri, static_cast<void*>(nullptr),      //
                              MHD_OPTION_NOTIFY_CONNECTION, &note_connection, static_cast<void*>(this),    //
                              MHD_OPTION_NOTIFY_COMPLETED, &delete_exchange, static_cast<void*>(nullptr),  //
                              MHD_OPTION_END);
  }

  // The library calls these four. It is C, through which no exception may pass.

  // Before it reads the parameters: it gives no answer if they do not fit.
  static void* look_at_uri(void* /*unused*/, const char* uri, MHD_Connection* connection) noexcept {
    const std::string_view text{uri};
    const auto parameters = static_cast<std::size_t>(std::ranges::count(text, '&'));
    if (text.size() + parameters * bytes_per_parameter > connection_bytes / 2) {
      auto* const client = static_cast<Client*>(
          ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
      ::send(client->socket, too_many_parameters.data(), too_many_parameters.size(),
             MSG_DONTWAIT | MSG_NOSIGNAL);
      cut_off(*client);
    }
    return nullptr;
  }

  static void note_connection(void* server, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code) noexcept {
    Server& self = *static_cast<Server*>(server);
    ++self.changes_;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const int socket = ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
      self.clients_.push_back({.socket = socket, .accepted = Clock::now()});
      *context = &self.clients_.back();
    } else {
      self.clients_.remove_if([&](const Client& client) { return &client == *context; });
      self.accepts_from_ = {};
    }
  }

  // Called when a request is complete, and once more when its response has been made.
  static MHD_Result handle(void* server, MHD_Connection* connection, const char* path, const char* method,
                           const char* /*version*/, const char* /*body*/, std::size_t* /*body_size*/,
                           void** context) noexcept {
    try {
      if (*context != nullptr) {
        const auto& response = static_cast<HttpExchange*>(*context)->response;
        return response ? queue(connection, *response) : MHD_NO;
      }
      return static_cast<Server*>(server)->accept_request(connection, path, method, *context);
    } catch (const std::exception&) {
      return MHD_NO;  // closes the connection
    }
  }

  static void delete_exchange(void* /*unused*/, MHD_Connection* /*connection*/, void** context,
                              MHD_RequestTerminationCode /*why*/) {
    delete static_cast<HttpExchange*>(*context);
    *context = nullptr;
  }

  MHD_Result accept_request(MHD_Connection* connection, const char* path, const char* method,
                            void*& context) {
    const auto* const info = ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    static_cast<Client*>(info->socket_context)->is_incomplete = false;
    auto exchange = std::make_unique<HttpExchange>(
        HttpExchange{.connection = connection,
                     .request = {.method = method,
                                 .path = path,
                                 .parameters = fields_of(connection, MHD_GET_ARGUMENT_KIND),
                                 .headers = fields_of(connection, MHD_HEADER_KIND)}});
    auto refusal = refusal_by_protocol(exchange->request);
    if (!refusal) {
      refusal = service_.refuse(exchange->request);
    }
    if (refusal) {
      return queue(connection, *refusal);
    }
    const bool is_large = service_.takes_much_memory(exchange->request);
    ::MHD_suspend_connection(connection);
    if (!(is_large ? *workers_for_large_ : *workers_).add(*exchange)) {
      HttpResponse busy = text_response(503, "this server is busy; try again");
      busy.headers.emplace_back("Retry-After", "1");
      exchange->response = std::move(busy);
      resume_connection(connection);
    }
    context = exchange.release();
    return MHD_YES;
  }

  // The library then calls handle() again.
  void resume_connection(MHD_Connection* connection) const noexcept {
    ::MHD_resume_connection(connection);
    ::eventfd_write(resumed_.number(), 1);  // the library wakes only a thread of its own
  }

  // The clients stand in the order of their arrival.
  Client* oldest_incomplete() {
    const auto found = std::ranges::find_if(clients_, &Client::is_incomplete);
    return found != clients_.end() ? &*found : nullptr;
  }

  static void cut_off(Client& client) {
    ::shutdown(client.socket, SHUT_RDWR);  // the library then sees an end, and closes
    client.is_incomplete = false;
  }

  void cut_off_late() {
    const Clock::time_point now = Clock::now();
    for (Client* client = oldest_incomplete();
         client != nullptr && client->accepted + time_for_request <= now; client = oldest_incomplete()) {
      cut_off(*client);
    }
  }

  // A client waits, but all connections are taken, or the process has no descriptor left.
  void make_room() {
    const Clock::time_point now = Clock::now();
    Client* const oldest = oldest_incomplete();
    if (oldest == nullptr) {
      accepts_from_ = now + pause_after_refusal;
    } else if (oldest->accepted + time_of_grace > now) {
      accepts_from_ = oldest->accepted + time_of_grace;
    } else {
      cut_off(*oldest);
    }
  }

  int milliseconds_to_wait() {
    const Clock::time_point now = Clock::now();
    Clock::time_point until = now + std::chrono::hours{1};
    MHD_UNSIGNED_LONG_LONG left = 0;
    if (::MHD_get_timeout(daemon_, &left) == MHD_YES) {
      until = std::min(until, now + std::chrono::milliseconds{left});
    }
    if (const Client* const oldest = oldest_incomplete()) {
      until = std::min(until, oldest->accepted + time_for_request);
    }
    if (accepts_from_ > now) {
      until = std::min(until, accepts_from_);
    }
    const auto left_until = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::max(left_until, decltype(left_until){0}));
  }

  const HttpService& service_;
  Descriptor listener_;
  Descriptor resumed_{::eventfd(0, EFD_CLOEXEC)};  // readable after a response has been made
  std::list<Client> clients_;
  std::size_t changes_ = 0;  // connections that were accepted or closed
  Clock::time_point accepts_from_;
  std::unique_ptr<HttpWorkers> workers_;
  std::unique_ptr<HttpWorkers> workers_for_large_;
  MHD_Daemon* daemon_;  // last, because it calls the above
};

}  // namespace

bool serve_until_stopped(const HttpService& service) {
  // Blocked before the server's threads start, so that the signals reach none of them.
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGINT);
  ::sigaddset(&ends, SIGTERM);
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &ends, &before);
  const Descriptor signals{::signalfd(-1, &ends, SFD_CLOEXEC)};
  Descriptor listener = listen_at(service.address, service.port);
  if (!signals || !listener) {
    return false;
  }
  const int port = port_of(listener);
  Server server{service, std::move(listener)};
  if (!server.has_started()) {
    return false;
  }
  service.listening(port);
  server.run(signals.number());
  // A second signal does not wait for the responses in the making.
  signalfd_siginfo first{};
  static_cast<void>(::read(signals.number(), &first, sizeof first));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

}  // namespace ar::command
