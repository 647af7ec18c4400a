#define FRAME_SIZE "24"
#include "unwind_frame.h"
