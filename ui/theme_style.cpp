#include "ui/theme_style.h"

#include "ui/appearance.h"

namespace nibble {

namespace {
// @name stands for a colour. Properties used as variants: flat, primary, quiet, heading, status.
constexpr const char* kSheet = R"(
QMainWindow::separator { background: @hairline; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QToolTip { background: @raised; color: @text; border: 1px solid @hairline; padding: 4px; }
QWidget#topBar { background: @window; border-bottom: 1px solid @hairline; }
QToolButton[page="true"] { border: none; border-bottom: 2px solid transparent; padding: 8px 12px; background: transparent; color: @quiet; }
QToolButton[page="true"]:hover { color: @text; }
QToolButton[page="true"]:checked { background: transparent; color: @text; border-bottom: 2px solid @accent; font-weight: 600; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 4px; background: transparent; }
QToolButton:hover { background: @raised; }
QToolButton:pressed, QToolButton:checked { background: @hairline; }
QToolButton:focus { border: 1px solid @accent; }
QToolButton::menu-indicator { image: none; }
QPushButton { border: 1px solid @hairline; border-radius: 4px; padding: 5px 12px; background: @base; min-height: 18px; }
QPushButton:hover { border-color: @quiet; }
QPushButton:pressed { background: @raised; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @quiet; background: @window; }
QPushButton[primary="true"] { background: @accent; color: @accentText; border-color: @accent; font-weight: 600; }
QPushButton[primary="true"]:hover { border-color: @text; }
QPushButton[primary="true"]:focus { border-color: @text; }
QPushButton[primary="true"]:disabled { background: @raised; color: @quiet; border-color: @hairline; }
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox { border: 1px solid @hairline; border-radius: 4px; background: @base; padding: 4px 6px; selection-background-color: @accent; selection-color: @accentText; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { border-color: @accent; }
QSpinBox, QDoubleSpinBox { padding-right: 20px; min-height: 18px; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 18px; border: none; background: transparent; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: 18px; border: none; background: transparent; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: @raised; }
QAbstractSpinBox::up-arrow { image: url(:/icons/arrow-up-grey.svg); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/arrow-down-grey.svg); width: 9px; height: 9px; }
QComboBox { border: 1px solid @hairline; border-radius: 4px; background: @base; padding: 4px 24px 4px 8px; min-height: 18px; }
QComboBox:focus, QComboBox:on { border-color: @accent; }
QComboBox:disabled, QSpinBox:disabled, QLineEdit:disabled { color: @quiet; background: @window; }
QComboBox::drop-down { border: none; width: 22px; subcontrol-position: right center; }
QComboBox::down-arrow { image: url(:/icons/arrow-down-grey.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { border: 1px solid @hairline; background: @base; selection-background-color: @accent; selection-color: @accentText; outline: none; }
QListView, QTreeView, QTableView { border: none; background: @base; outline: none; gridline-color: @hairline; alternate-background-color: @window; }
QTableView { border: 1px solid @hairline; }
QComboBox QListView::item { padding: 4px 8px; }
QHeaderView::section { background: @window; border: none; border-bottom: 1px solid @hairline; border-right: 1px solid @hairline; padding: 4px 6px; }
QListView::item:selected, QTableView::item:selected, QTreeView::item:selected { background: @hairline; color: @text; }
QCheckBox::indicator, QListView::indicator, QTableView::indicator { width: 13px; height: 13px; border: 1px solid @quiet; border-radius: 3px; background: @base; }
QCheckBox::indicator:checked, QListView::indicator:checked, QTableView::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/check-white.svg); }
QCheckBox::indicator:disabled, QListView::indicator:disabled { border-color: @hairline; }
QCheckBox:focus { border: 1px solid @accent; border-radius: 3px; }
QListView#chatList { background: @window; }
QListView#chatList::item { border-radius: 4px; padding: 0px; }
QDockWidget { titlebar-close-icon: url(:/icons/close-grey.svg); titlebar-normal-icon: url(:/icons/float-grey.svg); }
QDockWidget::title { background: @window; border-bottom: 1px solid @hairline; padding: 6px 8px; text-align: left; }
QMenu { background: @base; border: 1px solid @hairline; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 24px; border-radius: 3px; }
QMenu::item:selected { background: @accent; color: @accentText; }
QMenu::item:disabled { color: @quiet; }
QMenu::separator { height: 1px; background: @hairline; margin: 4px 8px; }
QProgressBar { border: none; border-radius: 3px; background: @hairline; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @hairline; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }
QScrollBar::handle:hover { background: @quiet; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTabWidget::pane { border: none; border-top: 1px solid @hairline; }
QTabBar::tab { background: transparent; border: none; border-bottom: 2px solid transparent; padding: 6px 12px; color: @quiet; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:hover { color: @text; }
QSlider::groove:horizontal { height: 4px; background: @hairline; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal { background: @accent; width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; }
QSlider::handle:horizontal:focus { border: 2px solid @text; width: 10px; height: 10px; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: @quiet; }
QLabel[quiet="true"] { color: @quiet; }
QLabel[heading="true"] { font-weight: 600; }
QLabel[status="good"] { color: @good; }
QLabel[status="warning"] { color: @warning; }
QLabel[status="bad"] { color: @bad; }
QFrame[hairline="true"] { background: @hairline; border: none; max-height: 1px; min-height: 1px; }
QWidget#notice { background: @text; border-radius: 6px; }
QWidget#notice QLabel { color: @base; }
QWidget#notice QToolButton { color: @base; font-weight: 600; text-decoration: underline; }
QWidget#notice QToolButton:hover { background: @quiet; }
QStatusBar { border-top: 1px solid @hairline; }
)";
}  // namespace

QString styleSheetFor(const ThemeColors& colors) {
  QString sheet = kSheet;
  const std::pair<const char*, QColor> names[] = {
      {"@accentText", colors.accentText}, {"@accent", colors.accent}, {"@hairline", colors.hairline}, {"@window", colors.window},
      {"@base", colors.base},             {"@raised", colors.raised}, {"@text", colors.text},         {"@quiet", colors.quiet},
      {"@good", colors.good},             {"@warning", colors.warning}, {"@bad", colors.bad}};
  for (const auto& [name, color] : names) sheet.replace(name, color.name());
  return sheet;
}

}  // namespace nibble
