// What helps to find a fault, as text to copy: versions, devices, places, fonts, last errors. No chats, no file names of
// the user's but the program's own places (with the home folder as ~).
#pragma once
#include <QString>

#include "app/engine_types.h"

namespace nibble {

class ApplicationContext;

/// Asks for nothing that takes time: what the planner and the stores already know.
QString diagnosticsText(ApplicationContext& app);

}  // namespace nibble
