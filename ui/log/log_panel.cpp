#include "ui/log/log_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/log/log_filter.h"

namespace nibble {

LogPanel::LogPanel(LogHistory& history, QWidget* parent) : QWidget(parent), m_history(history), m_filter(new LogFilter(this)) {
  setObjectName(QStringLiteral("logPanel"));
  m_filter->setSourceModel(&history);
  buildLayout();
  retranslate();
  connectSignals();
}

void LogPanel::buildLayout() {
  m_level = new QComboBox(this);
  m_level->setObjectName(QStringLiteral("logLevel"));
  for (int i = 0; i < 4; ++i) m_level->addItem(QString(), i + 1);  // debug, info, warning, error
  m_search = new QLineEdit(this);
  m_search->setObjectName(QStringLiteral("logSearch"));
  m_search->setClearButtonEnabled(true);
  m_copy = new QPushButton(this);
  m_copy->setObjectName(QStringLiteral("logCopy"));
  m_clear = new QPushButton(this);
  m_clear->setObjectName(QStringLiteral("logClear"));
  m_table = new QTableView(this);
  m_table->setObjectName(QStringLiteral("logTable"));
  m_table->setModel(m_filter);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setTabKeyNavigation(false);
  m_table->setWordWrap(false);
  m_table->setShowGrid(false);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(m_table->fontMetrics().height() + 4);
  m_table->horizontalHeader()->setStretchLastSection(true);
  m_table->setMinimumHeight(60);
  auto* top = new QHBoxLayout;
  top->addWidget(m_level);
  top->addWidget(m_search, 1);
  top->addWidget(m_copy);
  top->addWidget(m_clear);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 4, 8, 4);
  layout->addLayout(top);
  layout->addWidget(m_table, 1);
}

void LogPanel::connectSignals() {
  connect(m_level, &QComboBox::currentIndexChanged, this, [this] { m_filter->setLowestLevel(m_level->currentData().toInt()); });
  connect(m_search, &QLineEdit::textChanged, m_filter, &LogFilter::setSearch);
  connect(m_copy, &QPushButton::clicked, this, &LogPanel::copyAll);
  connect(m_clear, &QPushButton::clicked, &m_history, &LogHistory::clear);
  connect(m_filter, &QAbstractItemModel::rowsInserted, this, [this] {
    const QScrollBar* bar = m_table->verticalScrollBar();
    if (bar->value() >= bar->maximum() - 1) m_table->scrollToBottom();
  });
  m_level->setCurrentIndex(1);
}

void LogPanel::retranslate() {
  const QStringList levels{tr("Debug and above"), tr("Info and above"), tr("Warnings and errors"), tr("Errors")};
  for (int i = 0; i < levels.size(); ++i) m_level->setItemText(i, levels[i]);
  m_level->setAccessibleName(tr("Lowest level shown"));
  m_search->setPlaceholderText(tr("Search the log"));
  m_search->setAccessibleName(tr("Search the log"));
  m_copy->setText(tr("Copy all"));
  m_copy->setToolTip(tr("Copy every line; the log holds no text of your chats"));
  m_clear->setText(tr("Clear"));
  m_table->setAccessibleName(tr("Log lines"));
}

void LogPanel::copyAll() const { QApplication::clipboard()->setText(m_history.text()); }

void LogPanel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QWidget::changeEvent(event);
}

}  // namespace nibble
