// One object on one line: order kept, numbers that read back, never NaN, text always UTF-8.
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <cmath>
#include <limits>

#include "app/cli/json_line.h"

using namespace nibble;

class TestJsonLine : public QObject {
  Q_OBJECT
 private slots:
  void keepsOrderAndKinds() {
    JsonLine inner;
    inner.add("z", true).add("a", "x\n\"y\"");
    const std::string text = JsonLine().add("b", 1).add("a", 2.0).add("inner", inner).addRaw("ids", jsonArray(std::vector<int>{1, 2})).text();
    QCOMPARE(QByteArray::fromStdString(text), QByteArray("{\"b\": 1, \"a\": 2.0, \"inner\": {\"z\": true, \"a\": \"x\\n\\\"y\\\"\"}, \"ids\": [1, 2]}"));
    QCOMPARE(JsonLine().text(), std::string("{}"));
    QCOMPARE(jsonArray(std::vector<std::string>{}), std::string("[]"));
  }
  void numbersReadBack() {
    for (const double number : {0.1, 1e-300, 1e22, -0.0, 1.0 / 3, 123456789.125, std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
      const QByteArray text = QByteArray::fromStdString(JsonLine().add("n", number).text());
      QCOMPARE(QJsonDocument::fromJson(text).object()["n"].toDouble(), number);
    }
    for (const double number : {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
      QCOMPARE(JsonLine().add("n", number).text(), std::string("{\"n\": null}"));
  }
  void textIsUtf8() {
    const QByteArray text = QByteArray::fromStdString(JsonLine().add("t", std::string("a\xff\0b\xe6\xbc", 6)).text());
    QVERIFY(QString::fromUtf8(text).toUtf8() == text && !text.contains('\n'));
    QVERIFY(!QJsonDocument::fromJson(text).isNull());
  }
};

QTEST_APPLESS_MAIN(TestJsonLine)
#include "test_json_line.moc"
