#include "ui/charts/chart.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QDialog>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSvgGenerator>
#include <QTableWidget>
#include <QToolTip>
#include <QVBoxLayout>

#include "ui/charts/chart_style.h"
#include "ui/charts/qcustomplot_include.h"
#include "ui/dialogs.h"

namespace nibble {

Chart::Chart(const QString& objectName, Dialogs& dialogs, QWidget* parent)
    : QWidget(parent), m_dialogs(dialogs), m_plot(new QCustomPlot(this)), m_emptyLabel(new QLabel(this)) {
  setObjectName(objectName);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_plot);
  m_plot->setObjectName(objectName + QStringLiteral("Plot"));
  m_plot->setNoAntialiasingOnDrag(true);
  m_plot->setFocusPolicy(Qt::NoFocus);
  m_emptyLabel->setAlignment(Qt::AlignCenter);
  m_emptyLabel->setWordWrap(true);
  m_emptyLabel->setAttribute(Qt::WA_TransparentForMouseEvents);
  m_emptyLabel->setForegroundRole(QPalette::PlaceholderText);
  setFocusPolicy(Qt::StrongFocus);
  connect(m_plot, &QCustomPlot::mouseMove, this, &Chart::showValues);
  connect(m_plot, &QCustomPlot::legendClick, this, [this](QCPLegend*, QCPAbstractLegendItem* item, QMouseEvent*) {
    auto* series = qobject_cast<QCPPlottableLegendItem*>(item);
    if (!series) return;
    series->plottable()->setVisible(!series->plottable()->visible());
    QFont font = m_plot->legend->font();
    font.setStrikeOut(!series->plottable()->visible());
    series->setFont(font);
    scheduleReplot();
  });
  applyPlotStyle(*m_plot, palette());
}

void Chart::setEmptyText(const QString& text) { m_emptyLabel->setText(text); }

void Chart::setEmpty(bool empty) {
  m_emptyLabel->setVisible(empty);
  if (m_plot->xAxis->tickLabels() == !empty) return;
  // Numbers at the axes of nothing would be made up, and lie under the words that say what will appear.
  for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis, m_plot->yAxis2}) axis->setTickLabels(!empty);
  scheduleReplot();
}

QString Chart::csv() const {
  const auto field = [](QString text) {
    if (text.contains(',') || text.contains('"') || text.contains('\n')) text = '"' + text.replace('"', QStringLiteral("\"\"")) + '"';
    return text;
  };
  const ChartTable numbers = table();
  QStringList lines;
  QStringList cells;
  for (const QString& column : numbers.columns) cells << field(column);
  lines << cells.join(',');
  for (const QStringList& row : numbers.rows) {
    cells.clear();
    for (const QString& cell : row) cells << field(cell);
    lines << cells.join(',');
  }
  return lines.join('\n') + '\n';
}

bool Chart::savePng(const QString& path, int width, int height) const { return m_plot->savePng(path, width, height, 2.0); }

bool Chart::saveSvg(const QString& path, int width, int height) const {
  QSvgGenerator generator;
  generator.setFileName(path);
  generator.setSize(QSize(width, height));
  generator.setViewBox(QRect(0, 0, width, height));
  generator.setTitle(accessibleName());
  QCPPainter painter;
  if (!painter.begin(&generator)) return false;
  painter.setMode(QCPPainter::pmVectorized);
  painter.setMode(QCPPainter::pmNoCaching);
  m_plot->toPainter(&painter, width, height);
  return painter.end();
}

void Chart::copyImage() const { QApplication::clipboard()->setPixmap(m_plot->toPixmap(m_plot->width(), m_plot->height(), 2.0)); }

void Chart::copyCsv() const { QApplication::clipboard()->setText(csv()); }

void Chart::showTable() {
  const ChartTable numbers = table();
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName(QStringLiteral("chartTableDialog"));
  dialog->setWindowTitle(accessibleName());
  auto* view = new QTableWidget(static_cast<int>(numbers.rows.size()), static_cast<int>(numbers.columns.size()), dialog);
  view->setObjectName(QStringLiteral("chartTable"));
  view->setAccessibleName(accessibleName());
  view->setHorizontalHeaderLabels(numbers.columns);
  view->setEditTriggers(QAbstractItemView::NoEditTriggers);
  for (int row = 0; row < numbers.rows.size(); ++row) {
    for (int column = 0; column < numbers.rows[row].size(); ++column) {
      view->setItem(row, column, new QTableWidgetItem(numbers.rows[row][column]));
    }
  }
  view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  buttons->button(QDialogButtonBox::Close)->setObjectName(QStringLiteral("chartTableClose"));
  connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  auto* layout = new QVBoxLayout(dialog);
  layout->addWidget(view);
  layout->addWidget(buttons);
  dialog->resize(640, 400);
  dialog->show();
}

void Chart::scheduleReplot() {
  if (isVisible()) m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange || event->type() == QEvent::LanguageChange) {
    applyPlotStyle(*m_plot, palette());
    restyle();
    scheduleReplot();
  }
  QWidget::changeEvent(event);
}

void Chart::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  scheduleReplot();
}

void Chart::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  m_emptyLabel->setGeometry(rect().adjusted(16, 8, -16, -8));
  m_emptyLabel->raise();
}

void Chart::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  menu.setObjectName(QStringLiteral("chartMenu"));
  menu.addAction(tr("Show the numbers as a table"), this, &Chart::showTable);
  menu.addSeparator();
  menu.addAction(tr("Copy image"), this, &Chart::copyImage);
  menu.addAction(tr("Copy as CSV"), this, &Chart::copyCsv);
  menu.addSeparator();
  menu.addAction(tr("Save as PNG…"), this, [this] { saveAs(false); });
  menu.addAction(tr("Save as SVG…"), this, [this] { saveAs(true); });
  menu.exec(event->globalPos());
}

void Chart::saveAs(bool svg) {
  const QString suffix = svg ? QStringLiteral(".svg") : QStringLiteral(".png");
  QString path = m_dialogs.saveFile(this, tr("Save the chart"), objectName() + suffix, svg ? tr("SVG (*.svg)") : tr("PNG (*.png)"));
  if (path.isEmpty()) return;
  if (!path.endsWith(suffix)) path += suffix;
  if (!(svg ? saveSvg(path) : savePng(path))) {
    m_dialogs.tell(this, tr("Save the chart"), tr("%1 could not be written. Choose another folder.").arg(path));
  }
}

void Chart::showValues(QMouseEvent* event) {
  const QString text = valuesAt(event->pos());
  if (text.isEmpty()) {
    QToolTip::hideText();
  } else {
    QToolTip::showText(m_plot->mapToGlobal(event->pos() + QPoint(12, 12)), text, m_plot);
  }
}

}  // namespace nibble
