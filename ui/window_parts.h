// Puts the pages, docks and menu entries into the window: the one list of what the window consists of.
#pragma once

namespace nibble {

class MainWindow;
struct UiContext;

void addWindowParts(MainWindow& window, UiContext& ui);

}  // namespace nibble
