// The memory plan's room for a decode step against what its kernels carve out: they are written apart, because core knows no CUDA.
#include <QtTest>

#include "core/engine/cuda/cuda_layout.h"
#include "kernels/cuda/decode_step.h"

using namespace nibble;

class TestDecodeWorkspace : public QObject {
  Q_OBJECT
 private slots:
  void thePlanHasRoom_data() {
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("headDim");
    QTest::addColumn<int>("hidden");
    QTest::addColumn<int>("vocab");
    QTest::addColumn<qint64>("context");
    QTest::newRow("sample") << 6 << 2 << 64 << 384 << 8192 << qint64(1024);
    QTest::newRow("internlm3-8b") << 32 << 2 << 128 << 4096 << 128512 << qint64(32768);
    QTest::newRow("llama3-8b") << 32 << 8 << 128 << 4096 << 128256 << qint64(131072);
    QTest::newRow("one head a group") << 40 << 40 << 80 << 3200 << 32000 << qint64(1);
    QTest::newRow("wide heads") << 4 << 1 << 256 << 1024 << 131 << qint64(77);
  }
  void thePlanHasRoom() {
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    QFETCH(int, headDim);
    QFETCH(int, hidden);
    QFETCH(int, vocab);
    QFETCH(qint64, context);
    ModelConfig config;
    config.layers = 2, config.heads = heads, config.kvHeads = kvHeads, config.headDim = headDim;
    config.hidden = hidden, config.intermediate = 3 * hidden, config.vocab = vocab;
    PlanRequest request;
    request.context = context;
    gpu::DecodeShape shape;
    shape.layers = 2, shape.heads = heads, shape.kvHeads = kvHeads, shape.headDim = headDim;
    shape.hidden = hidden, shape.intermediate = 3 * hidden, shape.vocab = vocab;
    shape.capacity = static_cast<std::int32_t>(context);
    const std::uint64_t planned = workspaceLayout(config, request, 9).decodeBytes;
    const std::uint64_t wanted = gpu::decodeWorkspaceBytes(shape) + 512;  // a step's input and output stand in front
    QVERIFY2(wanted <= planned, qPrintable(QStringLiteral("%1 bytes wanted, %2 planned").arg(wanted).arg(planned)));
    QVERIFY(planned < wanted + 64 * 1024);
  }
};

QTEST_APPLESS_MAIN(TestDecodeWorkspace)
#include "test_decode_workspace.moc"
