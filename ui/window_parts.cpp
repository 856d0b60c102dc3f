#include "ui/window_parts.h"

#include <QCoreApplication>
#include <QWidget>

#include "app/application_context.h"
#include "ui/compare/compare_page.h"
#include "ui/log/log_panel.h"
#include "ui/main_window.h"
#include "ui/monitor/monitor_panel.h"
#include "ui/ui_context.h"

namespace nibble {

void addWindowParts(MainWindow& window, UiContext& ui) {
  // Pages, in the order of the bar: window.addPage("chat", [] { return QCoreApplication::translate("Pages", "Chat"); }, new ChatPage(…));
  window.addPage("compare", [] { return QCoreApplication::translate("Pages", "Compare"); }, new ComparePage(ui, &window));
  window.addDockPanel("monitor", [] { return QCoreApplication::translate("Docks", "Monitor"); }, new MonitorPanel(ui, &window), Qt::BottomDockWidgetArea);
  window.addDockPanel("log", [] { return QCoreApplication::translate("Docks", "Log"); }, new LogPanel(ui.app.log(), &window), Qt::BottomDockWidgetArea, false);
  window.restoreWindow();
}

}  // namespace nibble
