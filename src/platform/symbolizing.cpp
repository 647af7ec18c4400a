#include "platform/symbolizing.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>

#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

constexpr const char* command_name = "arpent";
constexpr const char* place_mark = "|place";
constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";
// Where the command lies as seen from the library's folder: beside it, or as installed (also below
// lib/<machine>).
constexpr const char* beside[] = {"/../bin/", "/", "/../../bin/"};

long address_of(const void* pointer) noexcept { return reinterpret_cast<long>(pointer); }

// --- finding the command

char command_path[PATH_MAX];

bool is_command() noexcept {
  struct stat status{};
  return system_call(SYS_newfstatat, AT_FDCWD, address_of(command_path), address_of(&status), 0) == 0 &&
         S_ISREG(status.st_mode) && system_call(SYS_faccessat, AT_FDCWD, address_of(command_path), X_OK) == 0;
}

bool try_command(const char* folder, std::size_t folder_length, const char* between) noexcept {
  const std::size_t between_length = std::strlen(between);
  const std::size_t name_length = std::strlen(command_name);
  if (folder_length + between_length + name_length >= sizeof command_path) {
    return false;
  }
  std::memcpy(command_path, folder, folder_length);
  std::memcpy(command_path + folder_length, between, between_length);
  std::memcpy(command_path + folder_length + between_length, command_name, name_length + 1);
  return is_command();
}

bool find_beside(const char* library) noexcept {
  const char* const slash = library == nullptr ? nullptr : std::strrchr(library, '/');
  if (slash == nullptr || library[0] != '/') {
    return false;
  }
  for (const char* between : beside) {
    if (try_command(library, static_cast<std::size_t>(slash - library), between)) {
      return true;
    }
  }
  return false;
}

// Only absolute folders: what lies in the working directory is none of ours.
bool find_on_path(const char* path) noexcept {
  while (*path != '\0') {
    const std::size_t length = std::strcspn(path, ":");
    if (*path == '/' && try_command(path, length, "/")) {
      return true;
    }
    path += length;
    path += *path == ':' ? 1 : 0;
  }
  return false;
}

bool find_command(const SymbolizerSearch& search, const StartEnvironment& environment) noexcept {
  if (is_secure_execution()) {
    return false;  // a set-uid program runs nothing that its caller names
  }
  if (const char* const chosen = search.chosen; chosen != nullptr) {
    const std::size_t length = std::strlen(chosen);
    if (length == 0 || length >= sizeof command_path) {
      return false;
    }
    std::memcpy(command_path, chosen, length + 1);
    return is_command();
  }
  const char* const path = environment.value("PATH");
  return find_beside(search.library) || find_on_path(path != nullptr ? path : default_path);
}

// --- running it
//
// Two processes. A child that execs signals SIGCHLD to its parent whatever it was cloned with, and could be
// reaped by the program's wait(). So the program gets a child that never execs, has no exit signal and is not
// seen by an ordinary wait(); that one has the command as its child, waits for it, and kills it when it takes
// too long. Both share our memory, so a large program has nothing copied; the thread that calls is suspended
// until the first is gone, which makes it safe for them to run on its thread-local storage.

constexpr std::size_t stack_size = 16384;
alignas(16) unsigned char waiter_stack[stack_size];
alignas(16) unsigned char command_stack[stack_size];

struct Run {
  int raw;
  int done;
  char* const* environment;
  int parent;  // process id of the program
  std::int64_t patience;
  bool succeeded;
};

int waiter_process(void* argument) noexcept;
int command_process(void* argument) noexcept;

void reset_signals() noexcept {
  struct {
    void* handler = nullptr;  // SIG_DFL
    unsigned long flags = 0;
    void* restorer = nullptr;
    std::uint64_t mask = 0;
  } const by_default;
  for (int signal = 1; signal <= 64; ++signal) {
    system_call(SYS_rt_sigaction, signal, address_of(&by_default), 0, sizeof by_default.mask);
  }
}

// Moves the descriptor out of the way of 0, 1 and 2, which it is about to become one of.
long above_standard(int descriptor) noexcept {
  return descriptor > 2 ? descriptor : system_call(SYS_fcntl, descriptor, F_DUPFD, 3);
}

int command_process(void* argument) noexcept {
  const auto& run = *static_cast<const Run*>(argument);
  system_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const long input = above_standard(run.raw);
  const long output = above_standard(run.done);
  const long nowhere = system_call(SYS_openat, AT_FDCWD, address_of("/dev/null"), O_WRONLY);
  if (input < 0 || output < 0 || nowhere < 0 || system_call(SYS_dup3, input, 0, 0) < 0 ||
      system_call(SYS_dup3, output, 1, 0) < 0 || (nowhere != 2 && system_call(SYS_dup3, nowhere, 2, 0) < 0)) {
    return 127;
  }
  system_call(SYS_close_range, 3, ~0U, 0);
  const std::uint64_t no_signals = 0;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, address_of(&no_signals), 0, sizeof no_signals);
  char verb[] = "symbolize";
  char* arguments[] = {command_path, verb, nullptr};
  system_call(SYS_execve, address_of(command_path), address_of(static_cast<char* const*>(arguments)),
              address_of(run.environment));
  return 127;
}

long spawn(int (*function)(void*), unsigned char* stack, int exit_signal, Run& run) noexcept {
  const int saved = errno;
  const int child = ::clone(function, stack + stack_size, CLONE_VM | CLONE_VFORK | exit_signal, &run);
  const long outcome = child == -1 ? -static_cast<long>(errno) : child;
  errno = saved;
  return outcome;
}

int waiter_process(void* argument) noexcept {
  auto& run = *static_cast<Run*>(argument);
  system_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (system_call(SYS_getppid) != run.parent) {
    return 1;  // the program died before we asked to die with it
  }
  reset_signals();  // where SIGCHLD is ignored, nobody can wait; the command starts with the same
  const long command = spawn(&command_process, command_stack, SIGCHLD, run);
  if (command < 0) {
    return 1;
  }
  const std::int64_t deadline = monotonic_milliseconds() + run.patience;
  std::int64_t pause_milliseconds = 1;
  int status = 0;
  for (;;) {
    const long ended = system_call(SYS_wait4, command, address_of(&status), WNOHANG | __WALL, 0);
    if (ended == command) {
      run.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      return 0;
    }
    if (ended < 0 && ended != -EINTR) {
      return 1;
    }
    if (monotonic_milliseconds() >= deadline) {
      system_call(SYS_kill, command, SIGKILL);
      system_call(SYS_wait4, command, address_of(&status), __WALL, 0);
      return 1;
    }
    const timespec pause{0, pause_milliseconds * 1000000};
    system_call(SYS_nanosleep, address_of(&pause), 0);
    pause_milliseconds = pause_milliseconds < 16 ? pause_milliseconds * 2 : 16;
  }
}

// --- telling what came back

long read_at(int file, char* bytes, std::size_t size, std::int64_t position) noexcept {
  return system_call(SYS_pread64, file, address_of(bytes), size, position);
}

// A command of another kind that has the same name must not become the report: it has to begin and to end
// alike.
bool is_same_report(int raw, int done) noexcept {
  const long raw_size = system_call(SYS_lseek, raw, 0, SEEK_END);
  const long done_size = system_call(SYS_lseek, done, 0, SEEK_END);
  const long size = static_cast<long>(compared_at_start);
  if (raw_size < size || done_size < size) {
    return false;
  }
  char ours[compared_at_start];
  char theirs[compared_at_start];
  const auto alike = [&](std::int64_t from, std::int64_t from_done, std::size_t length) noexcept {
    const auto wanted = static_cast<long>(length);
    return read_at(raw, ours, length, from) == wanted && read_at(done, theirs, length, from_done) == wanted &&
           std::memcmp(ours, theirs, length) == 0;
  };
  return alike(0, 0, compared_at_start) &&
         alike(raw_size - static_cast<long>(compared_at_end), done_size - static_cast<long>(compared_at_end),
               compared_at_end);
}

// --- doing without

const char* last_bar(const char* text, std::size_t length) noexcept {
  return static_cast<const char*>(memrchr(text, '|', length));
}

// What stands between the brackets. False when it is no address.
bool write_offset(TextWriter& out, const char* token, std::size_t length) noexcept {
  const std::size_t mark_length = std::strlen(place_mark);
  if (length > mark_length && std::memcmp(token + length - mark_length, place_mark, mark_length) == 0) {
    length -= mark_length;
  }
  const char* const offset = last_bar(token, length);
  const char* const build_id =
      offset == nullptr ? nullptr : last_bar(token, static_cast<std::size_t>(offset - token));
  const char* const end = token + length;
  if (build_id == nullptr || end - offset < 4 || std::memcmp(offset, "|0x", 3) != 0) {
    return false;
  }
  const auto path_length = static_cast<std::size_t>(build_id - token);
  const auto* const slash = static_cast<const char*>(memrchr(token, '/', path_length));
  const char* const name = slash == nullptr ? token : slash + 1;
  out.bytes(name, static_cast<std::size_t>(build_id - name)).text("+");
  out.bytes(offset + 1, static_cast<std::size_t>(end - offset - 1));
  return true;
}

void write_byte(TextWriter& out, std::uint8_t byte) noexcept {
  const char digits[] = {"0123456789abcdef"[byte >> 4U], "0123456789abcdef"[byte & 0xfU]};
  out.bytes(digits, sizeof digits);
}

bool can_stand_in_token(char letter) noexcept {
  return letter != '[' && letter != ']' && letter != '|' && static_cast<unsigned char>(letter) >= ' ';
}

// A path with letters that a token cannot hold begins with '%', and these are written as in URLs.
void write_path(TextWriter& out, const char* path) noexcept {
  bool plain = path[0] != encoded_path_mark;
  for (const char* next = path; *next != '\0'; ++next) {
    plain = plain && can_stand_in_token(*next);
  }
  if (plain) {
    out.text(path);
    return;
  }
  const char mark = encoded_path_mark;
  out.bytes(&mark, 1);
  for (const char* next = path; *next != '\0'; ++next) {
    if (can_stand_in_token(*next) && *next != mark) {
      out.bytes(next, 1);
    } else {
      out.bytes(&mark, 1);
      write_byte(out, static_cast<std::uint8_t>(*next));
    }
  }
}

// Brackets included.
constexpr std::size_t longest_token = 32768;

}  // namespace

bool write_address(TextWriter& out, const AddressInModule& address, Shown shown) noexcept {
  // Each letter of the path can become three.
  const std::size_t most = 3 * std::strlen(address.path) + 2 * std::size_t{address.build_id_size} + 64;
  if (address.path[0] == '\0' || most > longest_token) {
    out.text("module+").hex(address.offset);
    return false;
  }
  out.text("[[");
  write_path(out, address.path);
  out.text("|");
  for (std::uint32_t i = 0; i < address.build_id_size; ++i) {
    write_byte(out, address.build_id[i]);
  }
  out.text("|").hex(address.offset).text(shown == Shown::place ? place_mark : "").text("]]");
  return true;
}

bool symbolize(int raw, int done, const SymbolizerSearch& search, const StartEnvironment& environment,
               std::int64_t patience) noexcept {
  if (!find_command(search, environment) || system_call(SYS_lseek, raw, 0, SEEK_SET) != 0) {
    return false;
  }
  Run run{raw, done, environment.entries(), static_cast<int>(system_call(SYS_getpid)), patience, false};
  const long waiter = spawn(&waiter_process, waiter_stack, 0, run);
  if (waiter < 0) {
    return false;
  }
  while (system_call(SYS_wait4, waiter, 0, __WALL, 0) == -EINTR) {
  }
  return run.succeeded && is_same_report(raw, done);
}

int copy_with_offsets(int raw, int done) noexcept {
  static char token[longest_token];
  TextWriter out{done};
  if (const long moved = system_call(SYS_lseek, raw, 0, SEEK_SET); moved < 0) {
    return static_cast<int>(-moved);
  }
  std::size_t length = 0;  // of what may be becoming a token, opening brackets included
  char chunk[512];
  for (;;) {
    const long got = system_call(SYS_read, raw, address_of(chunk), sizeof chunk);
    if (got == -EINTR) {
      continue;
    }
    if (got <= 0) {
      out.bytes(token, length).flush();
      return got < 0 ? static_cast<int>(-got) : out.error();
    }
    for (long i = 0; i < got; ++i) {
      const char next = chunk[i];
      if (length < 2 ? next != '[' : next == '[' || next == '\n' || length + 2 > sizeof token) {
        out.bytes(token, length);  // no token after all
        length = 0;
      }
      if (length == 0 && next != '[') {
        out.bytes(&next, 1);
        continue;
      }
      token[length++] = next;
      if (length > 4 && next == ']' && token[length - 2] == ']') {
        if (!write_offset(out, token + 2, length - 4)) {
          out.bytes(token, length);
        }
        length = 0;
      }
    }
  }
}

}  // namespace ar::platform
