// Programs that lock their memory, so that it stays in memory: mlockall.
//
// The system would bring every page that is mapped into memory, also what is only reserved here: addresses
// for blocks, tables, the profile. And it would refuse, because of those, where the process may lock little.
// So the mappings are locked one by one, without what is reserved; blocks are locked as they are with another
// malloc.
#pragma once

namespace ar::abi {

// As mlockall and munlockall; return 0 or -errno.
long lock_all_memory(int flags) noexcept;
long unlock_all_memory() noexcept;

}  // namespace ar::abi
