// The room that the plan keeps for the decode kernels against what those kernels take: arithmetic only, no card is
// needed.
#include <QtTest>

#include "core/engine/cuda/cuda_layout.h"
#include "kernels/cuda/decode_step.h"

using namespace nibble;

class TestDecodeRoom : public QObject {
  Q_OBJECT
 private slots:
  void thePlanHasRoom_data() {
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("headDim");
    QTest::addColumn<qint64>("context");
    QTest::newRow("InternLM3-8B, 4k") << 32 << 2 << 128 << qint64(4096);
    QTest::newRow("InternLM3-8B, 32k") << 32 << 2 << 128 << qint64(32768);
    QTest::newRow("no grouped heads, 128k") << 40 << 40 << 128 << qint64(131072);
    QTest::newRow("tiny") << 8 << 2 << 16 << qint64(1);
    QTest::newRow("wide heads") << 6 << 1 << 256 << qint64(1000);
  }
  void thePlanHasRoom() {
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    QFETCH(int, headDim);
    QFETCH(qint64, context);
    ModelConfig config;
    config.layers = 3, config.hidden = 4096, config.intermediate = 10240, config.vocab = 128512;
    config.heads = heads, config.kvHeads = kvHeads, config.headDim = headDim;
    PlanRequest request;
    request.context = context;
    gpu::DecodeShape shape;
    shape.layers = config.layers, shape.hidden = config.hidden, shape.intermediate = config.intermediate;
    shape.vocab = config.vocab, shape.heads = heads, shape.kvHeads = kvHeads, shape.headDim = headDim;
    shape.capacity = context;
    constexpr std::uint64_t kExchangeBytes = 512;  // StepInput and StepOutput, in front (decode_pass)
    const std::uint64_t needed = gpu::decodeWorkspaceBytes(shape) + kExchangeBytes;
    const std::uint64_t room = workspaceLayout(config, request, 9).decodeBytes;
    QVERIFY2(needed <= room, qPrintable(QString("%1 bytes are needed, %2 planned").arg(needed).arg(room)));
    QVERIFY(room <= needed + needed / 8 + 65536);  // and not much more than that
  }
};

QTEST_APPLESS_MAIN(TestDecodeRoom)
#include "test_decode_room.moc"
