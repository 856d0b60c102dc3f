// Points with a size and a name: memory against quality, the bubble being the speed.
#pragma once
#include "ui/charts/chart.h"

namespace nibble {

class ScatterChart : public Chart {
  Q_OBJECT
 public:
  struct Point {
    QString name;
    double x = 0;     ///< bytes
    double y = 0;
    double size = 0;  ///< any positive unit; the area of the bubble follows it
  };

  ScatterChart(const QString& objectName, Dialogs& dialogs, QWidget* parent = nullptr);
  void setAxisNames(const QString& x, const QString& y, const QString& size);
  void setPoints(const QVector<Point>& points);

  ChartTable table() const override;

 protected:
  QString valuesAt(const QPointF& position) const override;
  void restyle() override;

 private:
  double diameterOf(const Point& point) const;

  QVector<Point> m_points;
  QString m_xName, m_yName, m_sizeName;
};

}  // namespace nibble
