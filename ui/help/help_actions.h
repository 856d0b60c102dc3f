// The menu's entries for settings, shortcuts, diagnostics and About.
#pragma once

namespace nibble {

class ChatPage;
class MainWindow;
struct UiContext;

void addHelpActions(MainWindow& window, UiContext& ui, ChatPage& chat);

}  // namespace nibble
