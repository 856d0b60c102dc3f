#include "ui/help/help_actions.h"

#include <QApplication>
#include <QFile>
#include <QFontInfo>
#include <QScreen>

#include "app/diagnostics.h"
#include "app/application_context.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/chat_sidebar.h"
#include "ui/help/settings_dialog.h"
#include "ui/help/shortcuts_dialog.h"
#include "ui/help/text_dialog.h"
#include "ui/main_window.h"

namespace nibble {

namespace {
struct Help {
  Q_DECLARE_TR_FUNCTIONS(Help)
};

QString resourceText(const QString& name) {
  QFile file(":/licenses/" + name);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

void showSettings(MainWindow& window, UiContext& ui, ChatPage& chat) {
  auto* dialog = new SettingsDialog(ui, &window);
  QObject::connect(dialog, &SettingsDialog::exportChatsWanted, &chat, [&chat] { chat.sidebar().exportJson(0); });
  QObject::connect(dialog, &SettingsDialog::importChatsWanted, &chat, [&chat] { chat.sidebar().importJson(); });
  QObject::connect(dialog, &SettingsDialog::deleteChatsWanted, &chat, [&chat] { chat.sidebar().removeAll(); });
  dialog->open();
}

void showDiagnostics(MainWindow& window, UiContext& ui) {
  QString text = diagnosticsText(ui.app);
  text += QString("font: %1, %2 pt\n").arg(QFontInfo(QApplication::font()).family()).arg(QFontInfo(QApplication::font()).pointSizeF());
  text += QString("screen: %1 × %2 at %3\n").arg(window.screen()->size().width()).arg(window.screen()->size().height()).arg(window.devicePixelRatioF());
  text += QString("platform: %1\n").arg(QGuiApplication::platformName());
  (new TextDialog("diagnosticsDialog", Help::tr("Diagnostics"), Help::tr("For a report of a fault. It holds none of your messages."), text, &window))->open();
}

void showAbout(MainWindow& window) {
  const QString introduction = Help::tr("Nibble %1 runs large language models in a few bits per weight on this computer. It is free software under the GNU General "
                                  "Public License, version 3 or later, and comes without any warranty. The bundled sample model is built with Llama.").arg(NIBBLE_VERSION);
  const QString text = resourceText("THIRD_PARTY.md") + "\n\n" + resourceText("sample-model/LICENSE.md") + "\n\n" + resourceText("LICENSE");
  (new TextDialog("aboutDialog", Help::tr("About Nibble"), introduction, text, &window))->open();
}
}  // namespace

void addHelpActions(MainWindow& window, UiContext& ui, ChatPage& chat) {
  window.addMenuAction(8, "settingsAction", [] { return Help::tr("Settings …"); }, QKeySequence("Ctrl+,"), [&window, &ui, &chat] { showSettings(window, ui, chat); });
  window.addMenuAction(9, "shortcutsAction", [] { return Help::tr("Keyboard shortcuts"); }, QKeySequence("F1"), [&window] { (new ShortcutsDialog(&window))->open(); });
  window.addMenuAction(9, "diagnosticsAction", [] { return Help::tr("Diagnostics"); }, {}, [&window, &ui] { showDiagnostics(window, ui); });
  window.addMenuAction(9, "aboutAction", [] { return Help::tr("About Nibble"); }, {}, [&window] { showAbout(window); });
}

}  // namespace nibble
