#include "heap/segment_map.hpp"

namespace ar::heap {

constinit Segment* segment_map[segment_places] = {};

}  // namespace ar::heap
