// Perplexity against transformers' fp32 run: the first windows of each text of both trained models.
#include <QtTest>
#include <cmath>

#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

QJsonObject perplexities(const std::filesystem::path& folder) {
  QFile file(QString::fromStdString((folder / "reference.json").string()));
  if (!file.open(QIODevice::ReadOnly)) return {};
  return QJsonDocument::fromJson(file.readAll()).object()["perplexity"].toObject();
}

std::string readAll(const std::filesystem::path& path) {
  QFile file(QString::fromStdString(path.string()));
  return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

}  // namespace

class TestPerplexity : public QObject {
  Q_OBJECT

  static void compare(const std::filesystem::path& model, const std::filesystem::path& reference) {
    NIBBLE_NEED_SHARED_DATA(texts, "text");
    const QJsonObject expected = perplexities(reference);
    QVERIFY(!expected.isEmpty());
    const auto engine = test::loadOnCpu(model, uniformRecipe(Format::f32), KvFormat::f32, 512, 512, 128);
    QVERIFY(engine != nullptr);
    for (auto it = expected.begin(); it != expected.end(); ++it) {
      const std::string text = readAll(texts / it.key().toStdString());
      const QJsonArray windows = it.value().toObject()["first_window_nll"].toArray();
      QVERIFY(!text.empty() && windows.size() >= 4);
      const auto ids = engine->tokenize(text.substr(0, 64 << 10), false, false);
      QVERIFY(ids.has_value() && ids->size() > 4 * 511);
      double nll = 0.0, wanted = 0.0;
      for (int window = 0; window < 4; ++window) {
        std::vector<std::int32_t> run{1};
        run.insert(run.end(), ids->begin() + window * 511, ids->begin() + (window + 1) * 511);
        nll = 0.0;
        const auto sink = [&](std::int64_t first, std::span<const float> rows, int vocab) -> Result<void> {
          for (std::size_t i = 0; i * static_cast<std::size_t>(vocab) < rows.size(); ++i) {
            const std::size_t row = static_cast<std::size_t>(first) + i;
            if (row + 1 >= run.size()) break;
            double sum = 0.0;
            const float* logits = rows.data() + i * static_cast<std::size_t>(vocab);
            for (int k = 0; k < vocab; ++k) sum += std::exp(static_cast<double>(logits[k]));
            nll += std::log(sum) - static_cast<double>(logits[run[row + 1]]);
          }
          return {};
        };
        QVERIFY(engine->logits(run, 0, sink, {}).has_value());
        wanted = windows[window].toDouble();
        QVERIFY2(std::abs(nll / wanted - 1.0) < 1e-5,
                 qPrintable(QString("%1, window %2: %3 instead of %4").arg(it.key()).arg(window).arg(nll).arg(wanted)));
      }
      qInfo("%s: window 4 has %.6f nats, reference %.6f", qPrintable(it.key()), nll, wanted);
    }
  }

 private slots:
  void sampleModel() { compare(test::sampleModel(), test::goldenData("sample-reference")); }
  void evalModel() {
    NIBBLE_NEED_SHARED_DATA(folder, "eval-model");
    compare(folder, folder);
  }
};

QTEST_APPLESS_MAIN(TestPerplexity)
#include "test_perplexity.moc"
