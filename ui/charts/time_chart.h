// Values over time: stacked areas (memory by part) or lines (tokens a second). Samples are appended, old ones dropped; never
// rebuilt while running. The numbers' owner is app/metrics_history; this draws them.
#pragma once
#include "ui/charts/chart.h"

class QCPGraph;
class QCPItemLine;

namespace nibble {

class TimeChart : public Chart {
  Q_OBJECT
 public:
  enum class Kind { stackedAreas, lines };
  enum class Unit { bytes, perSecond };

  TimeChart(const QString& objectName, Kind kind, Unit unit, Dialogs& dialogs, QWidget* parent = nullptr);

  /// Names of the series, shown in the legend; drops all samples if their number changes.
  void setSeries(const QStringList& names);
  /// Draws a series of a line chart against an axis of its own at the right (prefill is a hundred times decode).
  void setOnRightAxis(int series);
  /// Seconds shown, the newest at the right edge.
  void setSpan(double seconds);
  /// `time` in seconds since the epoch, one value a series in its own unit (bytes, or units a second).
  void append(double time, const QVector<double>& values);
  /// Replaces everything, for another span.
  void reset(const QVector<double>& times, const QVector<QVector<double>>& values);
  /// A horizontal line with a label (the card's capacity); 0 removes it.
  void setCapacity(double value, const QString& label);
  /// A vertical mark: "load", "first token".
  void addEvent(double time, const QString& label);
  void clearEvents();
  /// A paused chart keeps taking samples, but stops moving.
  void setPaused(bool paused);
  bool isPaused() const { return m_paused; }

  ChartTable table() const override;

 protected:
  QString valuesAt(const QPointF& position) const override;
  void restyle() override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Event {
    double time;
    QString label;
  };

  double valueOf(int series, int index) const;
  QString valueText(double value) const;
  void follow();
  void drawEvents();

  Kind m_kind;
  Unit m_unit;
  QStringList m_names;
  QVector<QCPGraph*> m_graphs;  // bottom to top; stacked graphs hold running sums
  QVector<Event> m_events;
  double m_span = 300;
  double m_newest = 0;
  int m_rightSeries = -1;
  double m_capacity = 0;
  QString m_capacityLabel;
  bool m_paused = false;
};

}  // namespace nibble
