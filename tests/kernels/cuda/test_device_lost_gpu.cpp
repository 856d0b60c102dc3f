// After a sticky CUDA failure anywhere in the process, the engine says that the device is lost, nothing hangs or
// crashes, and the card's memory is given back.
#include "core/engine/engine.h"
#include "kernels/cuda/prefill.h"
#include "tests/support/cuda_card.h"
#include "tests/support/device_array.h"
#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

class TestDeviceLostGpu : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { NIBBLE_NEED_CUDA_DEVICE(); }

  void lossIsReported() {
    const std::uint64_t before = test::freeOnCard();  // CUDA has been started by initTestCase
    auto engine = test::loadOn("cuda:0", test::sampleModel(), uniformRecipe(Format::q4), KvFormat::f16, 256);
    QVERIFY(engine != nullptr);
    GenerateRequest ask;
    ask.ids = {3, 4, 5};
    ask.maxTokens = 4;
    QVERIFY(engine->generate(ask, {}, {}).has_value());

    // A kernel that writes far outside of any memory breaks the context that the engine uses too.
    auto* nowhere = reinterpret_cast<float*>(std::uintptr_t{1} << 46);
    gpu::add_bias_rows(nullptr, nowhere, nowhere, 1, 32);
    QVERIFY(cudaDeviceSynchronize() != cudaSuccess);

    ask.ids = {6, 7, 8};
    const auto lost = engine->generate(ask, {}, {});
    QVERIFY(!lost.has_value());
    QCOMPARE(lost.error().code, ErrorCode::deviceLost);
    engine.reset();
    QCOMPARE(test::freeOnCard(), before);

    LoadRequest request;
    request.model = test::sampleModel().string();
    request.device = "cuda:0";
    const auto again = makeEngine()->load(request, {}, {});
    QVERIFY(!again.has_value());
    QCOMPARE(again.error().code, ErrorCode::deviceLost);
  }
};

QTEST_APPLESS_MAIN(TestDeviceLostGpu)
#include "test_device_lost_gpu.moc"
