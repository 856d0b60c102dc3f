#include "ui/help/shortcuts_dialog.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace nibble {

namespace {
using Row = std::pair<QString, QString>;

std::vector<Row> rowsOf(QWidget* window) {
  std::vector<Row> rows;
  for (const QToolButton* button : window->findChildren<QToolButton*>()) {
    if (!button->shortcut().isEmpty()) rows.push_back({button->shortcut().toString(QKeySequence::NativeText), button->text()});
  }
  for (const QAction* action : window->actions()) {
    if (!action->shortcut().isEmpty()) rows.push_back({action->shortcut().toString(QKeySequence::NativeText), action->text()});
  }
  rows.push_back({ShortcutsDialog::tr("Enter"), ShortcutsDialog::tr("Send the message")});
  rows.push_back({ShortcutsDialog::tr("Shift+Enter"), ShortcutsDialog::tr("New line")});
  rows.push_back({ShortcutsDialog::tr("Esc"), ShortcutsDialog::tr("Stop the answer")});
  rows.push_back({ShortcutsDialog::tr("F2"), ShortcutsDialog::tr("Rename the chosen chat")});
  rows.push_back({ShortcutsDialog::tr("Del"), ShortcutsDialog::tr("Delete the chosen chat")});
  return rows;
}
}  // namespace

ShortcutsDialog::ShortcutsDialog(QWidget* window) : QDialog(window) {
  setObjectName("shortcutsDialog");
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("Keyboard shortcuts"));
  const std::vector<Row> rows = rowsOf(window);
  auto* table = new QTableWidget(static_cast<int>(rows.size()), 2, this);
  table->setObjectName("shortcutsTable");
  table->setAccessibleName(tr("Keyboard shortcuts"));
  table->setHorizontalHeaderLabels({tr("Keys"), tr("What they do")});
  table->verticalHeader()->hide();
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setTabKeyNavigation(false);
  for (int row = 0; row < static_cast<int>(rows.size()); ++row) {
    table->setItem(row, 0, new QTableWidgetItem(rows[static_cast<std::size_t>(row)].first));
    table->setItem(row, 1, new QTableWidgetItem(QString(rows[static_cast<std::size_t>(row)].second).remove('&')));
  }
  table->resizeColumnsToContents();
  table->horizontalHeader()->setStretchLastSection(true);
  auto* buttons = new QDialogButtonBox(this);
  buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole)->setObjectName("shortcutsClose");
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* column = new QVBoxLayout(this);
  column->addWidget(table);
  column->addWidget(buttons);
  resize(460, 480);
}

}  // namespace nibble
