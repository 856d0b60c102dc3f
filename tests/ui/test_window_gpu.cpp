// The real window with the bundled sample model on the card: no VRAM is held before a model is loaded, and none but the
// driver's own after it is unloaded; live charts fill while it answers. A picture is saved to $NIBBLE_PICTURES if that is set.
#include <QLabel>

#include "app/chat_session.h"
#include "app/metrics_history.h"
#include "app/model_session.h"
#include "tests/support/cuda_card.h"
#include "tests/support/window_fixture.h"
#include "ui/charts/time_chart.h"
#include "ui/chat/chat_page.h"

using namespace nibble;
using namespace nibble::test;

namespace {

std::optional<DeviceInfo> usableCard(const EngineDoor& door) {
  for (const DeviceInfo& device : door.devices()) {
    if (device.usable && device.id.starts_with("cuda:")) return device;
  }
  return std::nullopt;
}

}  // namespace

class TestWindowGpu : public QObject {
  Q_OBJECT
 private slots:
  void theSampleOnTheCard() {
    const EngineDoor door = EngineDoor::real();
    const auto before = usableCard(door);
    if (!before) QSKIP("skipped: no CUDA device");
    const auto sample = door.sampleModel();
    QVERIFY2(sample, "the bundled sample model is not beside the program");
    QTemporaryDir folder;
    WindowFixture fixture(door, folder.filePath("profile"));
    fixture.window->resize(1280, 800);
    QTest::qWait(1500);
    qInfo("VRAM held by the window before loading: %.1f MiB", held(*before, door));
    QVERIFY(held(*before, door) < 1.0);

    LoadRequest request;
    request.model = sample->string();
    request.recipe = recommendedRecipe();
    request.context = 1024;
    request.device = before->id;
    fixture.context->model().load(request);
    QTRY_COMPARE_WITH_TIMEOUT(fixture.context->model().state(), ModelSession::State::ready, 60000);
    QVERIFY(held(*before, door) > 50.0);
    auto& session = fixture.find<ChatPage>("chatPage")->session();
    for (const char* question : {"Tell me a story about a red ball.", "Tell me a story about a dog and a cat.", "Tell me about the rain."}) {
      session.ask(question);
      QTRY_VERIFY_WITH_TIMEOUT(!session.busy(), 60000);
      QTest::qWait(1200);
    }
    const auto& samples = fixture.context->metrics().samples(MetricsSpan::fiveMinutes);
    QVERIFY(std::any_of(samples.begin(), samples.end(), [](const MetricsSample& each) { return each.decodeTokensPerSecond > 0; }));
    QTRY_VERIFY_WITH_TIMEOUT(fixture.find<TimeChart>("memoryChart")->table().rows.size() > 10, 20000);
    const QString pictures = qEnvironmentVariable("NIBBLE_PICTURES");
    if (!pictures.isEmpty()) QVERIFY(fixture.window->grab().save(pictures + "/window-gpu.png"));

    fixture.context->model().unload();
    QTRY_COMPARE_WITH_TIMEOUT(fixture.context->model().state(), ModelSession::State::none, 20000);
    qInfo("VRAM held by the window after unloading: %.1f MiB", held(*before, door));
    QVERIFY(held(*before, door) < mebibytes(kDriverKeeps));
  }

 private:
  /// MiB of the card that are gone since `before`.
  static double held(const DeviceInfo& before, const EngineDoor& door) {
    for (const DeviceInfo& device : door.devices()) {
      if (device.id == before.id) return (static_cast<double>(before.freeBytes) - static_cast<double>(device.freeBytes)) / 1048576.0;
    }
    return 0;
  }
};

QTEST_MAIN(TestWindowGpu)
#include "test_window_gpu.moc"
