#include "app/engine_door.h"

namespace nibble {

EngineDoor EngineDoor::real() {
  return {[] { return nibble::makeEngine(); }, [](const LoadRequest& request) { return planFor(request); },
          [] { return listDevices(); }, [] { return bundledSampleModel(); }};
}

}  // namespace nibble
