#include "ui/window_parts.h"

#include <QCoreApplication>
#include <QWidget>

#include "ui/main_window.h"
#include "ui/monitor/monitor_panel.h"
#include "ui/ui_context.h"

namespace nibble {

void addWindowParts(MainWindow& window, UiContext& ui) {
  // Pages, in the order of the bar: window.addPage("chat", [] { return QCoreApplication::translate("Pages", "Chat"); }, new ChatPage(…));
  window.addDockPanel("monitor", [] { return QCoreApplication::translate("Docks", "Monitor"); }, new MonitorPanel(ui, &window), Qt::BottomDockWidgetArea);
  window.restoreWindow();
}

}  // namespace nibble
