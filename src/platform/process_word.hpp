// A word that all copies of the library in one process share, however they are linked and loaded: statically
// into the program or a plug-in, as a shared library, in a namespace of its own. No symbol look-up leads from
// each of these to each other, so the word lies at an address that they all compute: from
// addresses that the kernel chooses anew for each process. If the place is taken, the next of a few serves.
#pragma once

namespace ar::platform {

// Sets the word, for as long as the process lives, if it is not set. Returns what it is set to: `value`,
// unless another copy came first; `value` also if the system gives no memory there. Any thread.
[[nodiscard]] const void* claim_process_word(const void* value) noexcept;

// Null if the word is not set.
[[nodiscard]] const void* process_word() noexcept;

}  // namespace ar::platform
