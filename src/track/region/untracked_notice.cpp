#include "track/region/untracked_notice.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "platform/system_call.hpp"
#include "track/region/region.hpp"

namespace ar::track {

namespace {

char* append_number(char* out, std::uint32_t value) noexcept {
  char digits[10];
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count != 0) {
    *out++ = digits[--count];
  }
  return out;
}

}  // namespace

bool UntrackedNotice::write_name(const char* folder, std::int32_t pid, unsigned number) noexcept {
  constexpr char ending[] = ".untracked";
  constexpr std::size_t longest_numbers = sizeof "/4294967295.4294967295";
  const std::size_t length = std::strlen(folder);
  if (length + longest_numbers + sizeof ending > sizeof name_) {
    return false;
  }
  std::memcpy(name_, folder, length);
  char* out = name_ + length;
  *out++ = '/';
  out = append_number(out, static_cast<std::uint32_t>(pid));
  *out++ = '.';
  out = append_number(out, number);
  std::memcpy(out, ending, sizeof ending);
  return true;
}

bool UntrackedNotice::leave_link(const char* folder, std::int32_t pid, const char* text) noexcept {
  constexpr unsigned most_of_one_process = 1000;  // numbers of processes are used again
  for (unsigned number = 0; number < most_of_one_process; ++number) {
    if (folder == nullptr || !write_name(folder, pid, number)) {
      break;
    }
    const long result = platform::system_call(SYS_symlinkat, reinterpret_cast<long>(text), AT_FDCWD,
                                              reinterpret_cast<long>(name_));
    if (result == 0) {
      return true;
    }
    if (result != -EEXIST) {
      break;
    }
  }
  name_[0] = '\0';
  return false;
}

void UntrackedNotice::leave_record(std::int32_t pid, std::int32_t parent_pid, Untracked cause,
                                   const char* program) noexcept {
  record_ = nullptr;
  counted_in_ = nullptr;
  Header* const profile = header_for_notices();
  if (profile == nullptr) {
    return;
  }
  NoticeRecord* const end = notices_of(profile) + notice_records;
  for (NoticeRecord* each = notices_of(profile); each != end && record_ == nullptr; ++each) {
    std::int32_t none = 0;
    if (__atomic_compare_exchange_n(&each->pid, &none, pid, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      record_ = each;
    }
  }
  if (record_ == nullptr) {
    counted_in_ = profile;
    __atomic_fetch_add(&profile->further_notices, 1, __ATOMIC_RELAXED);
    return;
  }
  record_->parent_pid = parent_pid;
  std::size_t length = std::strlen(program);
  length = length < sizeof record_->program ? length : sizeof record_->program - 1;
  std::memcpy(record_->program, program, length);
  record_->program[length] = '\0';
  __atomic_store_n(&record_->cause, static_cast<std::uint32_t>(cause), __ATOMIC_RELEASE);
}

void UntrackedNotice::leave(const char* folder, std::int32_t pid, std::int32_t parent_pid, Untracked cause,
                            const char* program, char* memory) noexcept {
  char* out = append_number(memory, static_cast<std::uint32_t>(cause));
  *out++ = ' ';
  out = append_number(out, static_cast<std::uint32_t>(parent_pid));
  *out++ = ' ';
  const std::size_t room = size_for_text - 1 - static_cast<std::size_t>(out - memory);
  const std::size_t length = std::strlen(program);
  std::memcpy(out, program, length < room ? length : room);
  out[length < room ? length : room] = '\0';

  if (!leave_link(folder, pid, memory)) {
    leave_record(pid, parent_pid, cause, program);
  }
}

void UntrackedNotice::remove() noexcept {
  if (name_[0] != '\0') {
    platform::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(name_), 0);
    name_[0] = '\0';
  }
  if (record_ != nullptr) {
    __atomic_store_n(&record_->cause, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&record_->pid, 0, __ATOMIC_RELEASE);
    record_ = nullptr;
  }
  if (counted_in_ != nullptr) {
    __atomic_fetch_sub(&counted_in_->further_notices, 1, __ATOMIC_RELAXED);
    counted_in_ = nullptr;
  }
}

}  // namespace ar::track
