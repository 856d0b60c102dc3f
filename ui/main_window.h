// The window: a bar of pages at the top, the page in the middle, docks around it. It knows neither what a page shows nor
// what a dock measures: window_parts.cpp puts them in.
#pragma once
#include <QMainWindow>
#include <functional>
#include <vector>

#include "ui/ui_context.h"

class QButtonGroup;
class QHBoxLayout;
class QLabel;
class QMenu;
class QStackedWidget;
class QToolButton;

namespace nibble {

/// A caption that is asked for again after a change of language: `[] { return QCoreApplication::translate(…); }`.
using Caption = std::function<QString()>;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(UiContext& ui, QWidget* parent = nullptr);
  ~MainWindow() override;

  /// Adds a page with a button in the bar. `id` is its objectName's stem: the button is "pageButton_<id>". Ctrl+1 … Ctrl+9.
  void addPage(const QString& id, Caption title, QWidget* page);
  /// Adds a dock that the view menu lists. Its objectName is "dock_<id>"; `shown` is its first state.
  void addDockPanel(const QString& id, Caption title, QWidget* panel, Qt::DockWidgetArea area, bool shown = true);
  /// An entry of the ☰ menu. `section` groups entries with separators between (0, 1, 2 …).
  QAction* addMenuAction(int section, const QString& objectName, Caption text, const QKeySequence& shortcut, std::function<void()> run);

  void showPage(const QString& id);
  QString currentPage() const;
  QDockWidget* dock(const QString& id) const;
  /// After all parts are added: geometry, docks and page as they were left.
  void restoreWindow();
  /// A line at the foot for ten seconds, with a button if `action` is given (undo).
  void notify(const QString& text, const QString& action = {}, std::function<void()> onAction = {});
  /// Files or folders from the command line, a drop, or another instance.
  void openPaths(const QStringList& paths);

 signals:
  void pathsOpened(const QStringList& paths);
  void pageChanged(const QString& id);

 protected:
  void changeEvent(QEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  struct Page { QString id; Caption title; QToolButton* button; QWidget* widget; };
  struct Dock { QString id; Caption title; QDockWidget* widget; };
  struct MenuEntry { int section; QAction* action; Caption text; };

  void buildLayout();
  void buildTopBar();
  void buildNotice();
  void connectSignals();
  void rebuildMenu();
  void retranslate();
  void saveWindow();
  void updateTitle();
  void cycleTheme();
  void toggleLanguage();

  UiContext& m_ui;
  QStackedWidget* m_pages = nullptr;
  QHBoxLayout* m_pageBar = nullptr;
  QButtonGroup* m_pageButtons = nullptr;
  QToolButton* m_themeButton = nullptr;
  QToolButton* m_languageButton = nullptr;
  QToolButton* m_menuButton = nullptr;
  QMenu* m_menu = nullptr;
  QMenu* m_viewMenu = nullptr;
  QWidget* m_notice = nullptr;
  QLabel* m_noticeText = nullptr;
  QToolButton* m_noticeAction = nullptr;
  QTimer* m_noticeTimer = nullptr;
  std::function<void()> m_onNotice;
  std::vector<Page> m_pageList;
  std::vector<Dock> m_dockList;
  std::vector<MenuEntry> m_menuList;
};

}  // namespace nibble
