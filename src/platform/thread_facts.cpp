#include "platform/thread_facts.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/proc_file.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

struct Path {
  char text[64];
};

Path path_of(std::int32_t tid, const char* file) noexcept {
  Path path;
  char digits[12];
  std::size_t count = 0;
  for (auto rest = static_cast<std::uint32_t>(tid); rest != 0 || count == 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  char* out = path.text;
  for (const char* letter = "/proc/self/task/"; *letter != '\0'; ++letter) {
    *out++ = *letter;
  }
  while (count > 0) {
    *out++ = digits[--count];
  }
  *out++ = '/';
  while (*file != '\0') {
    *out++ = *file++;
  }
  *out = '\0';
  return path;
}

std::uint64_t digit_of(char letter) noexcept {
  if (letter >= '0' && letter <= '9') {
    return static_cast<std::uint64_t>(letter - '0');
  }
  if (letter >= 'a' && letter <= 'f') {
    return static_cast<std::uint64_t>(letter - 'a') + 10;
  }
  return 16;
}

std::uint64_t parse_number(const char*& text, std::uint64_t base) noexcept {
  std::uint64_t value = 0;
  for (; digit_of(*text) < base; ++text) {
    value = value * base + digit_of(*text);
  }
  return value;
}

// "tid (name) state parent group session terminal foreground flags …"; the name may hold anything.
bool read_stat(std::int32_t tid, char& state, std::uint64_t& flags) noexcept {
  char text[512];
  const ProcFile file(path_of(tid, "stat").text);
  if (!file.read_text(text, sizeof text)) {
    return false;
  }
  const char* after_name = std::strrchr(text, ')');
  if (after_name == nullptr || after_name[1] != ' ') {
    return false;
  }
  state = after_name[2];
  const char* field = after_name + 2;
  for (int skipped = 0; skipped < 6 && field != nullptr; ++skipped) {
    field = std::strchr(field + 1, ' ');
  }
  flags = 0;
  if (field != nullptr) {
    ++field;
    flags = parse_number(field, 10);
  }
  return true;
}

// The kernel's own threads in this process: io_uring's and vhost's workers.
constexpr std::uint64_t kernel_worker_flags = 0x10 | 0x4000;  // PF_IO_WORKER, PF_USER_WORKER

}  // namespace

ThreadFacts facts_of_thread(std::int32_t tid) noexcept {
  ThreadFacts facts{};
  char state = '\0';
  std::uint64_t flags = 0;
  if (!read_stat(tid, state, flags) || state == 'Z' || state == 'X' || (flags & kernel_worker_flags) != 0) {
    return facts;
  }
  facts.exists = true;
  facts.runnable = state == 'R';
  char text[3072];
  const ProcFile file(path_of(tid, "status").text);
  if (file.read_text(text, sizeof text)) {
    constexpr char label[] = "\nSigBlk:\t";
    if (const char* line = std::strstr(text, label); line != nullptr) {
      line += sizeof label - 1;
      facts.blocked_signals = parse_number(line, 16);
    }
  }
  return facts;
}

void read_own_thread_name(char (&name)[thread_name_size]) noexcept {
  if (system_call(SYS_prctl, PR_GET_NAME, reinterpret_cast<long>(name)) != 0) {
    name[0] = '\0';
  }
  name[thread_name_size - 1] = '\0';
}

void read_thread_name(std::int32_t tid, char (&name)[thread_name_size]) noexcept {
  char line[thread_name_size + 1];  // a newline follows the name
  const ProcFile file(path_of(tid, "comm").text);
  if (!file.read_text(line, sizeof line)) {
    return;
  }
  std::size_t length = 0;
  while (length < thread_name_size - 1 && line[length] != '\n' && line[length] != '\0') {
    name[length] = line[length];
    ++length;
  }
  name[length] = '\0';
}

std::size_t waiting_call_of_thread(std::int32_t tid, std::uintptr_t* words) noexcept {
  // "number argument… stack-pointer program-counter", "-1 stack-pointer program-counter", or "running".
  char text[256];
  const ProcFile file(path_of(tid, "syscall").text);
  if (!file.read_text(text, sizeof text)) {
    return 0;
  }
  std::size_t count = 0;
  for (const char* at = std::strstr(text, " 0x"); at != nullptr && count <= most_call_words;
       at = std::strstr(at, " 0x")) {
    at += 3;
    const auto word = static_cast<std::uintptr_t>(parse_number(at, 16));
    if (count < most_call_words) {
      words[count] = word;
    }
    ++count;
  }
  return count == 0 ? 0 : count - 1;
}

bool for_each_thread_id(int descriptor, ThreadVisitor visit, void* context) noexcept {
  struct Entry {  // as the kernel fills it in
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
    char name[1];
  };
  if (system_call(SYS_lseek, descriptor, 0, SEEK_SET) < 0) {
    return false;
  }
  alignas(Entry) char chunk[2048];
  for (;;) {
    const long got = system_call(SYS_getdents64, descriptor, reinterpret_cast<long>(chunk), sizeof chunk);
    if (got <= 0) {
      return got == 0;
    }
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(chunk + at);
      const char* name = entry->name;
      if (digit_of(*name) < 10) {
        visit(static_cast<std::int32_t>(parse_number(name, 10)), context);
      }
      at += entry->size;
    }
  }
}

}  // namespace ar::platform
