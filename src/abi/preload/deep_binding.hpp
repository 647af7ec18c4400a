// Libraries opened with RTLD_DEEPBIND find the C library's malloc before ours, as does code that opens the C
// library and looks malloc up in it. Its symbols are redirected before (redirection.hpp), so that blocks do
// not cross from one heap to another, not even in constructors.
#pragma once

namespace ar::abi {

// Before a library is opened in the process's own namespace. Any thread; keeps errno.
void before_opening(const char* file, int mode) noexcept;

}  // namespace ar::abi
