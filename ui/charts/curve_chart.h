// Curves over a number: loss over training steps, or the share of weights per size of error. Optionally a second panel below
// with the relative error of the second curve against the first, and a line at a given limit (2 %).
#pragma once
#include "ui/charts/chart.h"

class QCPAxisRect;

namespace nibble {

class CurveChart : public Chart {
  Q_OBJECT
 public:
  struct Curve {
    QString name;
    QVector<double> x, y;
  };

  CurveChart(const QString& objectName, Dialogs& dialogs, QWidget* parent = nullptr);
  void setAxisNames(const QString& x, const QString& y);
  void setLogarithmicY(bool on);
  void setCurves(const QVector<Curve>& curves);
  /// Shows |second − first| / |first| in percent in a panel of its own, with a line at `limitPercent`; the curves must share x.
  void setRelativeError(bool on, double limitPercent = 2.0);

  ChartTable table() const override;

 protected:
  QString valuesAt(const QPointF& position) const override;
  void restyle() override;

 private:
  /// The points of both curves at the x they share: (x, percent).
  QPair<QVector<double>, QVector<double>> relativeError() const;
  void drawErrorPanel();

  QVector<Curve> m_curves;
  QString m_xName, m_yName;
  QCPAxisRect* m_errorRect = nullptr;
  double m_limitPercent = 2.0;
};

}  // namespace nibble
