#include "ui/main_window.h"

#include <QApplication>
#include <QButtonGroup>
#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QUrl>
#include <algorithm>

#include "app/application_context.h"
#include "app/model_library.h"
#include "app/model_session.h"
#include "app/precision_choices.h"
#include "app/settings_store.h"
#include "ui/appearance.h"
#include "ui/line_icons.h"
#include "ui/precision_text.h"

namespace nibble {

namespace {
constexpr int kNoticeMs = 10'000;
}

MainWindow::MainWindow(UiContext& ui, QWidget* parent) : QMainWindow(parent), m_ui(ui) {
  setObjectName("mainWindow");
  buildLayout();
  connectSignals();
  retranslate();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildLayout() {
  setMinimumSize(960, 600);
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  m_pages = new QStackedWidget(this);
  m_pages->setObjectName("pages");
  setCentralWidget(m_pages);
  buildTopBar();
  buildNotice();
}

void MainWindow::buildTopBar() {
  auto* bar = new QWidget(this);
  bar->setObjectName("topBar");
  bar->setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(8, 0, 8, 0);
  row->setSpacing(4);
  m_pageBar = new QHBoxLayout;
  m_pageBar->setSpacing(0);
  row->addLayout(m_pageBar);
  row->addStretch();
  m_pageButtons = new QButtonGroup(this);
  m_pageButtons->setExclusive(true);
  const auto button = [&](const char* name, const QString& icon) {
    auto* made = new QToolButton(bar);
    made->setObjectName(name);
    if (!icon.isEmpty()) made->setIcon(lineIcon(icon));
    row->addWidget(made);
    return made;
  };
  m_themeButton = button("themeButton", "theme");
  m_languageButton = button("languageButton", {});
  m_menuButton = button("menuButton", "menu");
  m_menuButton->setPopupMode(QToolButton::InstantPopup);
  m_menu = new QMenu(m_menuButton);
  m_menu->setObjectName("mainMenu");
  m_viewMenu = new QMenu(m_menu);
  m_viewMenu->setObjectName("viewMenu");
  m_menuButton->setMenu(m_menu);
  setMenuWidget(bar);
}

void MainWindow::buildNotice() {
  m_notice = new QWidget(this);
  m_notice->setObjectName("notice");
  m_notice->setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(m_notice);
  row->setContentsMargins(16, 4, 8, 4);
  m_noticeText = new QLabel(m_notice);
  m_noticeText->setObjectName("noticeText");
  m_noticeText->setTextFormat(Qt::PlainText);
  m_noticeAction = new QToolButton(m_notice);
  m_noticeAction->setObjectName("noticeAction");
  row->addWidget(m_noticeText);
  row->addWidget(m_noticeAction);
  m_notice->hide();
  m_noticeTimer = new QTimer(this);
  m_noticeTimer->setSingleShot(true);
}

void MainWindow::connectSignals() {
  connect(m_themeButton, &QToolButton::clicked, this, &MainWindow::cycleTheme);
  connect(m_languageButton, &QToolButton::clicked, this, &MainWindow::toggleLanguage);
  connect(m_noticeTimer, &QTimer::timeout, m_notice, &QWidget::hide);
  connect(m_noticeAction, &QToolButton::clicked, this, [this] {
    m_notice->hide();
    if (m_onNotice) std::exchange(m_onNotice, {})();
  });
  connect(&m_ui.app.model(), &ModelSession::changed, this, &MainWindow::updateTitle);
  connect(&m_ui.appearance, &Appearance::changed, this, &MainWindow::retranslate);
}

void MainWindow::addPage(const QString& id, Caption title, QWidget* page) {
  auto* button = new QToolButton(this);
  button->setObjectName("pageButton_" + id);
  button->setCheckable(true);
  button->setProperty("page", true);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  m_pageBar->addWidget(button);
  m_pageButtons->addButton(button);
  m_pages->addWidget(page);
  m_pageList.push_back({id, std::move(title), button, page});
  connect(button, &QToolButton::clicked, this, [this, id] { showPage(id); });
  if (m_pageList.size() == 1) button->setChecked(true);
  retranslate();
}

void MainWindow::addDockPanel(const QString& id, Caption title, QWidget* panel, Qt::DockWidgetArea area, bool shown) {
  auto* dock = new QDockWidget(this);
  dock->setObjectName("dock_" + id);
  dock->setWidget(panel);
  addDockWidget(area, dock);
  dock->setVisible(shown);
  m_dockList.push_back({id, std::move(title), dock});
  retranslate();
}

QAction* MainWindow::addMenuAction(int section, const QString& objectName, Caption text, const QKeySequence& shortcut, std::function<void()> run) {
  auto* action = new QAction(this);
  action->setObjectName(objectName);
  action->setShortcut(shortcut);
  connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
  addAction(action);
  m_menuList.push_back({section, action, std::move(text)});
  rebuildMenu();
  return action;
}

void MainWindow::rebuildMenu() {
  std::stable_sort(m_menuList.begin(), m_menuList.end(), [](const MenuEntry& a, const MenuEntry& b) { return a.section < b.section; });
  m_menu->clear();
  int section = m_menuList.empty() ? 0 : m_menuList.front().section;
  for (const MenuEntry& entry : m_menuList) {
    if (entry.section != section) m_menu->addSeparator();
    section = entry.section;
    entry.action->setText(entry.text());
    m_menu->addAction(entry.action);
  }
  m_menu->addSeparator();
  m_viewMenu->clear();
  for (const Dock& dock : m_dockList) m_viewMenu->addAction(dock.widget->toggleViewAction());
  m_viewMenu->setTitle(tr("Panels"));
  m_menu->addMenu(m_viewMenu);
}

void MainWindow::showPage(const QString& id) {
  for (const Page& page : m_pageList) {
    if (page.id != id) continue;
    page.button->setChecked(true);
    m_pages->setCurrentWidget(page.widget);
    emit pageChanged(id);
  }
}

QString MainWindow::currentPage() const {
  for (const Page& page : m_pageList) {
    if (page.widget == m_pages->currentWidget()) return page.id;
  }
  return {};
}

QDockWidget* MainWindow::dock(const QString& id) const {
  for (const Dock& dock : m_dockList) {
    if (dock.id == id) return dock.widget;
  }
  return nullptr;
}

void MainWindow::restoreWindow() {
  const SettingsStore& settings = m_ui.app.settings();
  const QByteArray geometry = QByteArray::fromBase64(settings.value("window/geometry").toString().toLatin1());
  if (geometry.isEmpty() || !restoreGeometry(geometry)) resize(1280, 800);
  restoreState(QByteArray::fromBase64(settings.value("window/state").toString().toLatin1()));
  showPage(settings.value("window/page").toString());
}

void MainWindow::saveWindow() {
  SettingsStore& settings = m_ui.app.settings();
  settings.setValue("window/geometry", QString::fromLatin1(saveGeometry().toBase64()));
  settings.setValue("window/state", QString::fromLatin1(saveState().toBase64()));
  settings.setValue("window/page", currentPage());
  settings.write();
}

void MainWindow::notify(const QString& text, const QString& action, std::function<void()> onAction) {
  m_noticeText->setText(text);
  m_noticeAction->setText(action);
  m_noticeAction->setVisible(!action.isEmpty());
  m_onNotice = std::move(onAction);
  m_notice->adjustSize();
  m_notice->move((width() - m_notice->width()) / 2, height() - m_notice->height() - 24);
  m_notice->show();
  m_notice->raise();
  m_noticeTimer->start(kNoticeMs);
}

void MainWindow::openPaths(const QStringList& paths) {
  if (!paths.isEmpty()) emit pathsOpened(paths);
}

void MainWindow::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QMainWindow::changeEvent(event);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  saveWindow();
  QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls()) {
    if (url.isLocalFile()) paths << url.toLocalFile();
  }
  openPaths(paths);
}

void MainWindow::retranslate() {
  for (const Page& page : m_pageList) {
    const QKeySequence keys(QString("Ctrl+%1").arg(m_pageButtons->buttons().indexOf(page.button) + 1));
    page.button->setText(page.title());  // takes the shortcut away
    page.button->setShortcut(keys);
    page.button->setToolTip(tr("%1 (%2)").arg(page.title(), keys.toString(QKeySequence::NativeText)));
  }
  for (const Dock& dock : m_dockList) dock.widget->setWindowTitle(dock.title());
  const QString themes[] = {tr("Theme: as the system"), tr("Theme: light"), tr("Theme: dark")};
  m_themeButton->setToolTip(themes[static_cast<int>(m_ui.appearance.theme())]);
  m_themeButton->setAccessibleName(themes[static_cast<int>(m_ui.appearance.theme())]);
  m_languageButton->setText(m_ui.appearance.isChinese() ? "English" : "中文");
  m_languageButton->setToolTip(tr("Switch the language"));
  m_languageButton->setAccessibleName(tr("Switch the language"));
  m_menuButton->setToolTip(tr("Menu"));
  m_menuButton->setAccessibleName(tr("Menu"));
  rebuildMenu();
  updateTitle();
}

void MainWindow::updateTitle() {
  const auto& info = m_ui.app.model().info();
  setWindowTitle(info ? tr("Nibble: %1 · %2").arg(m_ui.app.library().displayName(*info), precisionName(precisionId(info->recipe))) : tr("Nibble"));
}

void MainWindow::cycleTheme() {
  const int next = (static_cast<int>(m_ui.appearance.theme()) + 1) % 3;
  m_ui.appearance.setTheme(static_cast<ThemeMode>(next));
}

void MainWindow::toggleLanguage() {
  m_ui.appearance.setLanguage(m_ui.appearance.isChinese() ? LanguageMode::english : LanguageMode::chinese);
}

}  // namespace nibble
