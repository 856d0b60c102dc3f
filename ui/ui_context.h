// What every widget is handed: the application, the dialogs (native, or a test's), and the look. No singletons.
#pragma once

namespace nibble {

class ApplicationContext;
class Appearance;
class Dialogs;

struct UiContext {
  ApplicationContext& app;
  Dialogs& dialogs;
  Appearance& appearance;
};

}  // namespace nibble
