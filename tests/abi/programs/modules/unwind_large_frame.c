#define FRAME_SIZE "104"
#include "unwind_frame.h"
