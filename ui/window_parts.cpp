#include "ui/window_parts.h"

#include <QCoreApplication>
#include <QWidget>

#include "ui/main_window.h"

namespace nibble {

void addWindowParts(MainWindow& window, UiContext& ui) {
  (void)ui;
  // Pages, in the order of the bar: window.addPage("chat", [] { return QCoreApplication::translate("Pages", "Chat"); }, new ChatPage(…));
  // Docks: window.addDockPanel("monitor", [] { return …; }, new MonitorPanel(…), Qt::BottomDockWidgetArea);
  window.restoreWindow();
}

}  // namespace nibble
