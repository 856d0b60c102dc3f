// What every chart has: a plot that follows the palette, an empty state that says what will appear, exact values under the
// pointer, legend clicks that hide a series, and its numbers as a table (for screen readers, CSV) and as PNG or SVG.
#pragma once
#include <QStringList>
#include <QVector>
#include <QWidget>

class QCustomPlot;
class QLabel;
class QMouseEvent;

namespace nibble {

class Dialogs;

/// A chart's numbers as text: the table twin and the CSV are made from it.
struct ChartTable {
  QStringList columns;
  QVector<QStringList> rows;
};

class Chart : public QWidget {
  Q_OBJECT
 public:
  Chart(const QString& objectName, Dialogs& dialogs, QWidget* parent = nullptr);

  void setEmptyText(const QString& text);
  virtual ChartTable table() const = 0;
  QString csv() const;

  bool savePng(const QString& path, int width = 1200, int height = 600) const;
  bool saveSvg(const QString& path, int width = 1200, int height = 600) const;
  void copyImage() const;
  void copyCsv() const;

 public slots:
  /// Opens a dialog with the numbers as a table, which a keyboard and a screen reader can walk.
  void showTable();
  /// Asks for a path and writes the picture there.
  void saveAs(bool svg);

 protected:
  QCustomPlot& plot() const { return *m_plot; }
  /// Asks for one repaint soon; does nothing while the chart is hidden.
  void scheduleReplot();
  void setEmpty(bool empty);
  /// Exact values near the pointer, in plot pixels; empty: no tooltip.
  virtual QString valuesAt(const QPointF& position) const = 0;
  /// Axis names and the like after a language or palette change.
  virtual void restyle() {}

  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void showValues(QMouseEvent* event);

  Dialogs& m_dialogs;
  QCustomPlot* m_plot;
  QLabel* m_emptyLabel;
};

}  // namespace nibble
