// The heap beside a model. The bytes are calls of malloc's family, operator new and ar_heap, made by four
// threads in turn; the model is a table of the live blocks: address, size, content, family. After each call
// the heap must agree about that block, and after each input about the totals.
//
// Arpent is the malloc of the whole program here, libFuzzer included, so the model allocates nothing. The
// program starts itself again with ARPENT_MISMATCH=ignore: wrong releases are among the calls, and messages
// about them take long.
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#include "ar_heap.h"
#include "heap/size_class.hpp"
#include "heap_model.hpp"

namespace {

using namespace ar::test;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}
  [[nodiscard]] bool is_at_end() const { return next_ == end_; }
  std::uint8_t byte() { return next_ == end_ ? std::uint8_t{0} : *next_++; }
  std::size_t bytes(unsigned count) {
    std::size_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
      value = value << 8U | byte();
    }
    return value;
  }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

std::size_t take_size(Input& in) {
  const std::uint8_t kind = in.byte();
  const std::size_t around = kind % 3;  // one less, the same, one more
  switch (kind >> 5U) {
    case 0:
    case 1:
    case 2:
      return in.byte();
    case 3:
      return ar::heap::class_size(1 + in.byte() % (ar::heap::class_count - 1)) - 1 + around;
    case 4:
      return in.bytes(2);
    case 5: {
      constexpr std::size_t bounds[] = {64 * kib, 128 * kib, mib, 2 * mib, 16 * mib, 32 * mib, 64 * mib};
      return bounds[in.byte() % std::size(bounds)] - 1 + around;
    }
    case 6:
      return in.bytes(3) % (4 * mib);
    default: {
      constexpr std::size_t bounds[] = {4 * gib, 4 * gib - 1, SIZE_MAX / 2 + 1, SIZE_MAX};
      return bounds[in.byte() % std::size(bounds)] - (around == 1 ? in.bytes(2) : 0);
    }
  }
}

std::size_t take_alignment(Input& in) {
  const std::uint8_t byte = in.byte();
  return std::size_t{1} << (byte >= 250 ? 20U + byte % 11U : byte % 20U);
}

constexpr const char* files[] = {"first.c", "second.cpp", nullptr, "zig"};
constexpr const char* descriptions[] = {"one", "another", nullptr, "",
                                        "a description that is somewhat longer"};

enum class Call : std::uint8_t {
  malloc,
  calloc,
  posix_memalign,
  aligned_alloc,
  memalign,
  valloc,
  pvalloc,
  new_object,
  new_array,
  new_aligned,
  heap_malloc,
  heap_calloc,
  heap_strdup,
  heap_aligned_alloc,
  heap_malloc_at,
  count
};

void allocate(Input& in) {
  const auto call = static_cast<Call>(in.byte() % static_cast<unsigned>(Call::count));
  std::size_t size = take_size(in);
  if (live_bytes + size > most_live_bytes && size <= most_filled) {
    return;
  }
  const std::uint8_t detail = in.byte();
  const char* const file = files[detail % 4];
  const char* const description = descriptions[detail % 5];
  const int line = file == files[3] ? 0 : detail;
  errno = 0;
  switch (call) {
    case Call::malloc:
      note_allocated(std::malloc(size), size, 16, Family::malloc_family);
      break;
    case Call::calloc:
    case Call::heap_calloc: {
      const bool is_heap = call == Call::heap_calloc;
      const std::size_t count = detail % 8 + 1;
      std::size_t total = 0;
      const bool fits = !__builtin_mul_overflow(count, size, &total);
      if (fits && total <= most_filled && live_bytes + total > most_live_bytes) {
        return;
      }
      void* const start =
          is_heap ? ar_heap__calloc(count, size, file, line, description) : std::calloc(count, size);
      if (!fits) {
        CHECK(start == nullptr && errno == ENOMEM);
        return;
      }
      if (start != nullptr) {
        check_zero(start, total);
      }
      note_allocated(start, total, 16, is_heap ? Family::ar_heap : Family::malloc_family);
      break;
    }
    case Call::posix_memalign: {
      const std::size_t alignment = take_alignment(in) + (detail == 255 ? 8 : 0);
      void* start = nullptr;
      const int result = posix_memalign(&start, alignment, size);
      if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) {
        CHECK(result == EINVAL && start == nullptr);
        return;
      }
      errno = result;
      note_allocated(start, size, alignment, Family::malloc_family);
      break;
    }
    case Call::aligned_alloc:
    case Call::memalign: {
      const std::size_t alignment = take_alignment(in);
      void* const start = call == Call::memalign ? memalign(alignment, size) : aligned_alloc(alignment, size);
      note_allocated(start, size, alignment, Family::malloc_family);
      break;
    }
    case Call::valloc:
      note_allocated(valloc(size), size, 4 * kib, Family::malloc_family);
      break;
    case Call::pvalloc: {
      void* const start = pvalloc(size);
      size = size > SIZE_MAX - 4 * kib ? size : (size + 4 * kib - 1) / (4 * kib) * (4 * kib);
      note_allocated(start, size, 4 * kib, Family::malloc_family);
      break;
    }
    case Call::new_object:
    case Call::new_array: {
      const bool is_array = call == Call::new_array;
      void* const start = is_array ? operator new[](size, std::nothrow) : operator new(size, std::nothrow);
      note_allocated(start, size, 16, is_array ? Family::new_array : Family::new_object);
      break;
    }
    case Call::new_aligned: {
      const std::size_t alignment = take_alignment(in);
      errno = ENOMEM;  // operator new says nothing of the kind
      note_allocated(operator new(size, std::align_val_t{alignment}, std::nothrow), size, alignment,
                     Family::new_object);
      break;
    }
    case Call::heap_malloc:
      note_allocated(ar_heap__malloc(size, file, line, description), size, 16, Family::ar_heap);
      break;
    case Call::heap_strdup: {
      char text[300] = {};
      std::memset(text, 'x', size % sizeof text);
      note_allocated(ar_heap__strdup(text, file, line, description), size % sizeof text + 1, 1,
                     Family::ar_heap);
      break;
    }
    case Call::heap_aligned_alloc:
    case Call::heap_malloc_at: {
      const std::size_t alignment = take_alignment(in) + (detail == 255 ? 3 : 0);
      void* const start = call == Call::heap_malloc_at
                              ? ar_heap__malloc_at(size, alignment, detail, description)
                              : ar_heap__aligned_alloc(alignment, size, file, line, description);
      if ((alignment & (alignment - 1)) != 0) {
        CHECK(start == nullptr && errno == EINVAL);
        return;
      }
      note_allocated(start, size, alignment, Family::ar_heap);
      break;
    }
    case Call::count:
      break;
  }
}

bool is_freed_by_free(Family family) { return family == Family::malloc_family || family == Family::ar_heap; }

// By one of the functions that may, or by a wrong one.
void release(std::size_t index, std::uint8_t how) {
  const Block block = blocks[index];
  check_content(block, block.size);
  remove(index);
  note_free(block.size);
  Family by = block.family;
  if (how >= 248) {
    by = static_cast<Family>(1 + how % 3U);
    const bool is_right = by == Family::malloc_family ? is_freed_by_free(block.family) : by == block.family;
    expected_mismatches += is_right ? 0 : 1;
  }
  const bool is_plain = how % 2 == 0;
  if (by == Family::new_object && is_plain) {
    operator delete(block.start);
  } else if (by == Family::new_object) {
    operator delete(block.start, std::align_val_t{16});
  } else if (by == Family::new_array && is_plain) {
    operator delete[](block.start);
  } else if (by == Family::new_array) {
    operator delete[](block.start, block.size);
  } else if (is_plain) {
    std::free(block.start);
  } else {
    ar_heap__free(block.start);
  }
  CHECK(ar::heap::find(block.start).kind != AddressKind::live);
}

void resize(Input& in) {
  const std::size_t index = in.byte() % block_count;
  const Block before = blocks[index];
  const std::uint8_t how = in.byte();
  const std::size_t size = take_size(in);
  if (!is_freed_by_free(before.family) || before.size > most_filled ||
      (size <= most_filled && live_bytes + size > most_live_bytes) ||
      (size > most_filled && size < PTRDIFF_MAX)) {
    return;
  }
  check_content(before, before.size);
  const bool is_annotated = how % 4 == 1;
  errno = 0;
  if (how % 4 == 3) {
    if (ar_heap__resize_in_place(before.start, size) == 0) {
      CHECK(malloc_usable_size(before.start) >= before.size);
      check_content(before, before.size);
      return;
    }
    CHECK(size != 0);
  }
  void* const start = how % 4 == 3 ? before.start
                      : is_annotated
                          ? ar_heap__realloc(before.start, size, files[how % 3], how, descriptions[how % 5])
                      : how % 4 == 2 ? reallocarray(before.start, 1, size)
                                     : std::realloc(before.start, size);
  if (start == nullptr && size != 0) {
    CHECK(size > PTRDIFF_MAX && errno == ENOMEM);
    CHECK(ar::heap::find(before.start).kind == AddressKind::live);
    check_content(before, before.size);
    return;
  }
  remove(index);
  note_free(before.size);
  if (size == 0) {
    CHECK(start == nullptr && ar::heap::find(before.start).kind != AddressKind::live);
    return;
  }
  check_content({start, before.size, before.seed, before.family}, size);
  note_allocation(size);
  add(start, size, is_annotated ? Family::ar_heap : before.family);
}

// Keeps the compiler from seeing that one pointer goes to functions of several families.
void* opaque(void* pointer) {
  asm volatile("" : "+r"(pointer));
  return pointer;
}

// A block that is free already, or a place inside of one: nothing may change.
void release_wrongly(Input& in) {
  const std::uint8_t how = in.byte();
  void* pointer = last_freed;
  if (how % 2 == 0 && block_count != 0) {
    const Block& block = blocks[how / 2U % block_count];
    pointer = block.size < 2 ? nullptr : static_cast<char*>(block.start) + 1 + how % (block.size - 1);
  }
  const AddressKind kind = ar::heap::find(pointer).kind;
  if (pointer == nullptr || kind == AddressKind::live || kind == AddressKind::foreign) {
    return;
  }
  ++expected_mismatches;
  switch (how % 5) {
    case 0:
      operator delete(pointer);
      break;
    case 1:
      operator delete[](pointer);
      break;
    case 2:
      ar_heap__free(pointer);
      break;
    case 3:
      CHECK(std::realloc(opaque(pointer), 100) == nullptr);
      break;
    default:
      std::free(pointer);
      break;
  }
}

// A thread that works when it is its turn, while all others wait.
class Helper {
 public:
  void work(void (*what)(Input&), Input& in) {
    if (!is_running_) {
      expect_changes_of_threads([this] {
        CHECK(sem_init(&begins_, 0, 0) == 0 && sem_init(&ended_, 0, 0) == 0);
        CHECK(pthread_create(&thread_, nullptr, run, this) == 0);
      });
      is_running_ = true;
    }
    what_ = what;
    in_ = &in;
    take_turn();
  }
  void end() {
    if (is_running_) {
      expect_changes_of_threads([this] {
        what_ = nullptr;
        sem_post(&begins_);
        CHECK(pthread_join(thread_, nullptr) == 0);
      });
      is_running_ = false;
    }
  }

 private:
  // The C library allocates a few blocks for each thread.
  template <typename Change>
  static void expect_changes_of_threads(Change change) {
    CHECK(sums_of_heap() == expected);
    change();
    const Sums after = sums_of_heap();
    CHECK(after.allocations - expected.allocations <= 2 && after.frees - expected.frees <= 2);
    expected = after;
  }
  void take_turn() {
    sem_post(&begins_);
    while (sem_wait(&ended_) != 0) {
    }
  }
  static void* run(void* self) {
    Helper& helper = *static_cast<Helper*>(self);
    for (;;) {
      while (sem_wait(&helper.begins_) != 0) {
      }
      if (helper.what_ == nullptr) {
        return nullptr;
      }
      helper.what_(*helper.in_);
      sem_post(&helper.ended_);
    }
  }

  pthread_t thread_{};
  sem_t begins_{}, ended_{};
  bool is_running_ = false;
  void (*what_)(Input&) = nullptr;
  Input* in_ = nullptr;
};

Helper helpers[3];
std::size_t next_thread;

// Until another thread is to go on, or to the end.
void follow(Input& in) {
  while (!in.is_at_end()) {
    const std::uint8_t call = in.byte();
    if (call < 100) {
      if (block_count < most_blocks) {
        allocate(in);
      }
    } else if (call < 170) {
      if (block_count != 0) {
        const std::size_t index = in.byte() % block_count;
        release(index, in.byte());
      }
    } else if (call < 215) {
      if (block_count != 0) {
        resize(in);
      }
    } else if (call < 225) {
      release_wrongly(in);
    } else if (call < 228) {
      malloc_trim(0);
    } else if (call < 232) {
      check_whole();
    } else {
      next_thread = call;
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** arguments) {
  constexpr const char* variables[][2] = {
      {"ARPENT_MISMATCH", "ignore"}, {"ARPENT_MODE", "sites"}, {"ARPENT_REPORT", "/dev/null"}};
  constexpr const char* is_set = "ARPENT_HEAP_FUZZ";
  if (std::getenv(is_set) == nullptr) {
    // Whatever the caller set, the model is that of these modes.
    for (const auto& [name, value] : variables) {
      CHECK(setenv(name, value, 1) == 0);
    }
    CHECK(setenv(is_set, "1", 1) == 0);
    CHECK(execv("/proc/self/exe", *arguments) == 0);
  }
  CHECK(ar::track::profile() != nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  expected = sums_of_heap();
  expected_mismatches = ar::track::profile()->mismatches;
  last_freed = nullptr;
  next_thread = 0;
  while (!in.is_at_end()) {
    const std::size_t thread = next_thread % (std::size(helpers) + 1);
    if (thread == 0) {
      follow(in);
    } else if (next_thread >= 252) {
      helpers[thread - 1].end();
      next_thread = 0;
    } else {
      helpers[thread - 1].work(follow, in);
    }
  }
  check_whole();
  while (block_count != 0) {
    release(block_count - 1, 0);
  }
  check_whole();
  return 0;
}
