// A real main window on a scripted engine and a temporary profile, for tests of the window. Header only.
#pragma once
#include <QApplication>
#include <QTemporaryDir>
#include <QtTest>
#include <memory>

#include "app/application_context.h"
#include "tests/support/scripted_dialogs.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/test_data.h"
#include "ui/appearance.h"
#include "ui/main_window.h"
#include "ui/ui_context.h"
#include "ui/window_parts.h"

namespace nibble::test {

class WindowFixture {
 public:
  explicit WindowFixture(const QString& profile = {}) {
    script.sample = sampleModel();
    m_profile = profile.isEmpty() ? m_folder.path() : profile;
    open(scriptedDoor(script));
  }
  WindowFixture(const EngineDoor& door, const QString& profile) : m_profile(profile.isEmpty() ? m_folder.path() : profile) { open(door); }
  ~WindowFixture() { close(); }

  void open(const EngineDoor& door) {
    context = std::make_unique<ApplicationContext>(AppPaths::find(m_profile), door);
    appearance = std::make_unique<Appearance>(context->settings());
    appearance->apply();
    ui = std::make_unique<UiContext>(UiContext{*context, dialogs, *appearance});
    window = std::make_unique<MainWindow>(*ui);
    addWindowParts(*window, *ui);
    window->show();
  }
  void close() {
    if (window) window->close();
    window.reset();
    ui.reset();
    appearance.reset();
    context.reset();
  }
  /// As a person would who quits and starts again.
  void restart() {
    close();
    open(scriptedDoor(script));
  }

  template <typename Widget = QWidget>
  Widget* find(const char* name) const { return window->findChild<Widget*>(name); }
  QString profile() const { return m_profile; }

  EngineScript script;
  ScriptedDialogs dialogs;
  std::unique_ptr<ApplicationContext> context;
  std::unique_ptr<Appearance> appearance;
  std::unique_ptr<UiContext> ui;
  std::unique_ptr<MainWindow> window;

 private:
  QTemporaryDir m_folder;
  QString m_profile;
};

}  // namespace nibble::test
