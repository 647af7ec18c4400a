// For programs of one file that ask for more memory than there is.
#pragma once

// The sanitizers' malloc is to return null for what is too large, as every other. Strong, as theirs is weak.
// NOLINTBEGIN(misc-definitions-in-headers)
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }
// NOLINTEND(misc-definitions-in-headers)
