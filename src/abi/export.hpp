// What the shared libraries export; all else has hidden visibility. cmake/exported_symbols.map lists the
// names.
#pragma once

#define ARPENT_EXPORT [[gnu::visibility("default")]]
#define ARPENT_EXPORT_C extern "C" ARPENT_EXPORT
