// The mappings of this process, as the kernel lists them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

enum class MappingKind : std::uint8_t {
  anonymous,       // no file behind it: mmap, brk, thread stacks
  anonymous_huge,  // the same with MAP_HUGETLB: a touch fails if no huge page is left
  main_stack,      // the stack that the program began on
  file,            // a file, or memory with a name (/dev/shm, /dev/zero, memfd, SysV)
  device,          // other files of /dev
  kernel,          // [vdso], [vvar], [vsyscall]
};

struct Mapping {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  MappingKind kind = MappingKind::anonymous;
  bool readable = false;
  bool writable = false;
  bool shared = false;
};

// Calls visit for each mapping in address order, until it returns false. False when the list cannot be read.
// Allocates nothing and takes no lock. Mappings made or removed meanwhile may or may not be seen.
using MappingVisitor = bool (*)(const Mapping& mapping, void* context);
bool for_each_mapping(MappingVisitor visit, void* context) noexcept;

}  // namespace ar::platform
