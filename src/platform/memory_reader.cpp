#include "platform/memory_reader.hpp"

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>

#include "platform/handler_code.hpp"
#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

long copy_by_call(std::uintptr_t address, void* buffer, std::size_t size) noexcept {
  const iovec local = {buffer, size};
  const iovec remote = {reinterpret_cast<void*>(address), size};
  const long process = system_call(SYS_getpid);
  return system_call(SYS_process_vm_readv, process, reinterpret_cast<long>(&local), 1,
                     reinterpret_cast<long>(&remote), 1, 0);
}

bool copies_by_call() noexcept {
  const std::uint64_t probe = 0x5eed;
  std::uint64_t copy = 0;
  return copy_by_call(reinterpret_cast<std::uintptr_t>(&probe), &copy, sizeof copy) == sizeof copy &&
         copy == probe;
}

// Bytes from the address to the end of the pages in memory there, at most `size`. A page of a file that is
// not in memory may lie past the file's end.
std::size_t resident_bytes(std::uintptr_t address, std::size_t size) noexcept {
  const std::size_t page_bytes = getauxval(AT_PAGESZ);
  constexpr std::size_t most_pages = 64;
  unsigned char resident[most_pages];
  std::uintptr_t page = round_down(address, page_bytes);
  const std::uintptr_t end = address + size;
  while (page < end) {
    const std::size_t count = std::min((end - page + page_bytes - 1) / page_bytes, most_pages);
    if (system_call(SYS_mincore, page, count * page_bytes, reinterpret_cast<long>(resident)) != 0) {
      break;
    }
    for (std::size_t i = 0; i < count; ++i, page += page_bytes) {
      if ((resident[i] & 1U) == 0) {
        return page > address ? page - address : 0;
      }
    }
  }
  return std::min(page, end) > address ? std::min(page, end) - address : 0;
}

}  // namespace

MemoryReader::MemoryReader(ReadingWay best) noexcept : memory_file_("/proc/thread-self/mem"), way_(best) {
  if (way_ == ReadingWay::copy_call &&
      ((memory_file_.is_open() && system_calls_are_filtered()) || !copies_by_call())) {
    way_ = ReadingWay::memory_file;
  }
  if (way_ == ReadingWay::memory_file && !memory_file_.is_open()) {
    way_ = ReadingWay::directly;
  }
}

std::size_t MemoryReader::read(std::uintptr_t address, void* buffer, std::size_t size) const noexcept {
  if (way_ == ReadingWay::directly) {
    return read_directly(address, buffer, size);
  }
  const long got = way_ == ReadingWay::copy_call ? copy_by_call(address, buffer, size)
                                                 : memory_file_.read_at(address, buffer, size);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

std::uintptr_t MemoryReader::first_unreadable_page(std::uintptr_t start, std::uintptr_t end) const noexcept {
  if (way_ == ReadingWay::directly) {
    return end;
  }
  constexpr std::size_t most = 64;
  char bytes[most];
  iovec pages[most];
  const std::size_t batch = way_ == ReadingWay::copy_call ? most : 1;
  while (start < end) {
    const std::size_t count = std::min((end - start) / page_size, batch);
    for (std::size_t i = 0; i < count; ++i) {
      pages[i] = {reinterpret_cast<void*>(start + i * page_size), 1};
    }
    const iovec local = {bytes, count};
    const long got =
        way_ == ReadingWay::copy_call
            ? system_call(SYS_process_vm_readv, system_call(SYS_getpid), reinterpret_cast<long>(&local), 1,
                          reinterpret_cast<long>(pages), count, 0)
            : memory_file_.read_at(start, bytes, 1);
    const std::size_t readable = got < 0 ? 0 : static_cast<std::size_t>(got);
    start += readable * page_size;
    if (readable != count) {
      return start;
    }
  }
  return end;
}

std::size_t MemoryReader::read_directly(std::uintptr_t address, void* buffer,
                                        std::size_t size) const noexcept {
  const Mapping* const end = mappings_ + mapping_count_;
  const Mapping* const mapping = std::upper_bound(
      mappings_, end, address, [](std::uintptr_t of, const Mapping& at) { return of < at.end; });
  if (mapping == end || address < mapping->start || !mapping->readable ||
      mapping->kind == MappingKind::device || mapping->kind == MappingKind::kernel) {
    return 0;
  }
  std::size_t count = std::min(size, mapping->end - address);
  if (mapping->shared || mapping->kind == MappingKind::file || mapping->kind == MappingKind::anonymous_huge) {
    count = resident_bytes(address, count);
  }
  copy_unwatched(address, buffer, count);
  return count;
}

ARPENT_HANDLER_CODE void copy_unwatched(std::uintptr_t address, void* buffer, std::size_t size) noexcept {
  constexpr std::size_t word_size = sizeof(std::uintptr_t);
  auto* to = static_cast<volatile char*>(buffer);
  const auto* from = reinterpret_cast<const volatile char*>(address);
  std::size_t done = 0;
  if ((address | reinterpret_cast<std::uintptr_t>(buffer)) % word_size == 0) {
    for (; done + word_size <= size; done += word_size) {
      *reinterpret_cast<volatile std::uintptr_t*>(to + done) =
          *reinterpret_cast<const volatile std::uintptr_t*>(from + done);
    }
  }
  for (; done < size; ++done) {
    to[done] = from[done];
  }
}

}  // namespace ar::platform
