// Marks functions that run in signal handlers, in any thread at any point: the sanitizers must add nothing to
// them, and they call nothing that is not so marked or inline.
#pragma once

#if defined(__clang__)
#define ARPENT_HANDLER_CODE [[clang::no_sanitize("address", "thread", "undefined")]]
#else
#define ARPENT_HANDLER_CODE [[gnu::no_sanitize_address, gnu::no_sanitize_thread, gnu::no_sanitize_undefined]]
#endif
