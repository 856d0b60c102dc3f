// Recipes and formats: names, sizes, defaults, JSON both ways and every way it can be wrong.
#include <QtTest>
#include <climits>
#include <fstream>

#include "core/precision/recipe.h"
#include "kernels/cpu/packed_matrix.h"

using namespace nibble;

namespace {

constexpr Format kFormats[] = {Format::f32, Format::f16, Format::bf16, Format::q8, Format::nf4, Format::nf4dq, Format::q4};

}  // namespace

class TestRecipe : public QObject {
  Q_OBJECT

 private slots:
  void names() {
    for (Format format : kFormats) QCOMPARE(formatFromName(formatName(format)), std::optional(format));
    QCOMPARE(formatName(Format::nf4dq), std::string_view("nf4-dq"));
    QVERIFY(!formatFromName("Q4") && !formatFromName(""));
    for (KvFormat format : {KvFormat::f32, KvFormat::f16, KvFormat::q8, KvFormat::q4}) QCOMPARE(kvFormatFromName(kvFormatName(format)), std::optional(format));
    for (ComputeType type : {ComputeType::f32, ComputeType::f16, ComputeType::bf16}) QCOMPARE(computeTypeFromName(computeTypeName(type)), std::optional(type));
    QCOMPARE(matrixRoleName(MatrixRole::attentionOutput), std::string_view("o_proj"));
  }

  void sizes() {
    QCOMPARE(storedBytes(Format::q4, 3, 33), std::uint64_t{3 * 2 * 18});
    QCOMPARE(storedBytes(Format::q8, 3, 32), std::uint64_t{3 * 34});
    QCOMPARE(storedBytes(Format::nf4, 5, 77), std::uint64_t{193 + 7 * 4});
    QCOMPARE(storedBytes(Format::nf4dq, 512, 320), std::uint64_t{81920 + 2560 + 10 * 4 + 4});
    QCOMPARE(storedBytes(Format::bf16, 0, 7), std::uint64_t{0});
    QCOMPARE(storedBytes(Format::f32, INT64_MAX, INT64_MAX), UINT64_MAX);
    for (Format format : kFormats) {
      const double bits = 8.0 * static_cast<double>(storedBytes(format, 4096, 4096)) / (4096.0 * 4096.0);
      QVERIFY(std::fabs(bits - bitsPerWeight(format)) < 1e-5);
      const double packed = 8.0 * static_cast<double>(packedBytes(static_cast<WeightType>(format), 4096, 4096)) / (4096.0 * 4096.0);
      QVERIFY(std::fabs(packed - bits) < 1e-4);  // the CPU's layout takes no more
    }
  }

  void defaults() {
    QCOMPARE(uniformRecipe(Format::q4).head, Format::q8);
    QCOMPARE(uniformRecipe(Format::q4).activationBits, 8);
    QCOMPARE(uniformRecipe(Format::bf16).embedding, Format::bf16);
    QCOMPARE(uniformRecipe(Format::f32).activationBits, 32);
    QCOMPARE(uniformRecipe(Format::f32).compute, ComputeType::f32);
    const Recipe recipe = recommendedRecipe();
    QCOMPARE(recipe.formatOf(MatrixRole::key, 47), Format::q8);
    QCOMPARE(recipe.formatOf(MatrixRole::value, 0), Format::q8);
    QCOMPARE(recipe.formatOf(MatrixRole::query, 0), Format::q4);
    QCOMPARE(recipe.formatOf(MatrixRole::head, 0), Format::q8);
  }

  void laterOverridesWin() {
    Recipe recipe = uniformRecipe(Format::q4);
    recipe.overrides = {{MatrixRole::up, 2, 5, Format::q8}, {MatrixRole::up, 4, 4, Format::f16}};
    QCOMPARE(recipe.formatOf(MatrixRole::up, 1), Format::q4);
    QCOMPARE(recipe.formatOf(MatrixRole::up, 2), Format::q8);
    QCOMPARE(recipe.formatOf(MatrixRole::up, 4), Format::f16);
    QCOMPARE(recipe.formatOf(MatrixRole::up, 5), Format::q8);
    QCOMPARE(recipe.formatOf(MatrixRole::up, 6), Format::q4);
  }

  void thereAndBack() {
    Recipe recipe = recommendedRecipe();
    recipe.name = "a \"name\" with\nlines";
    recipe.overrides.push_back({MatrixRole::down, 3, 7, Format::nf4dq});
    recipe.activationBits = 16;
    recipe.compute = ComputeType::f16;
    const Result<Recipe> read = readText(recipeToJson(recipe));
    QVERIFY(read.has_value());
    QVERIFY(*read == recipe);
  }

  void onlyLayers() {
    const Result<Recipe> read = readText(R"({"layers": "nf4"})");
    QVERIFY(read.has_value() && *read == uniformRecipe(Format::nf4));
    const Result<Recipe> all = readText(R"({"layers": "q4", "overrides": [{"role": "k_proj", "format": "q8"}]})");
    QVERIFY(all.has_value());
    QCOMPARE(all->overrides.at(0).lastLayer, INT_MAX);
  }

  void wrong_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("field");
    QTest::newRow("no layers") << R"({"name": "x"})" << "layers";
    QTest::newRow("unknown format") << R"({"layers": "q5"})" << "layers";
    QTest::newRow("format of a wrong kind") << R"({"layers": 4})" << "layers";
    QTest::newRow("unknown head") << R"({"layers": "q4", "head": "int8"})" << "head";
    QTest::newRow("activations") << R"({"layers": "q4", "activations": 12})" << "activations";
    QTest::newRow("compute") << R"({"layers": "q4", "compute": "fp8"})" << "compute";
    QTest::newRow("overrides") << R"({"layers": "q4", "overrides": {}})" << "overrides";
    QTest::newRow("an override that is no object") << R"({"layers": "q4", "overrides": [1]})" << "overrides";
    QTest::newRow("unknown role") << R"({"layers": "q4", "overrides": [{"role": "x_proj", "format": "q8"}]})" << "overrides[0].role";
    QTest::newRow("head as a role of layers") << R"({"layers": "q4", "overrides": [{"role": "head", "format": "q8"}]})" << "overrides[0].role";
    QTest::newRow("range of one") << R"({"layers": "q4", "overrides": [{"role": "k_proj", "layers": [1], "format": "q8"}]})" << "overrides[0].layers";
    QTest::newRow("range backwards") << R"({"layers": "q4", "overrides": [{"role": "k_proj", "layers": [2, 1], "format": "q8"}]})" << "overrides[0].layers";
    QTest::newRow("negative range") << R"({"layers": "q4", "overrides": [{"role": "k_proj", "layers": [-1, 1], "format": "q8"}]})" << "overrides[0].layers";
    QTest::newRow("override without format") << R"({"layers": "q4", "overrides": [{"role": "k_proj"}]})" << "overrides[0].format";
    QTest::newRow("not an object") << R"([])" << "";
    QTest::newRow("not JSON") << R"({"layers": )" << "";
  }

  void wrong() {
    QFETCH(QString, text);
    QFETCH(QString, field);
    const Result<Recipe> read = readText(text.toStdString());
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::fileMalformed);
    if (!field.isEmpty()) QCOMPARE(QString::fromStdString(read.error().field), field);
  }

  void namesAndPaths() {
    QVERIFY(readRecipe("q8").has_value());
    QCOMPARE(readRecipe("q5").error().code, ErrorCode::wrongUsage);
    QCOMPARE(readRecipe("not there.json").error().code, ErrorCode::fileMissing);
  }

 private:
  Result<Recipe> readText(const std::string& text) {
    const std::string path = m_folder.filePath("recipe.json").toStdString();
    std::ofstream(path) << text;
    return readRecipe(path);
  }
  QTemporaryDir m_folder;
};

QTEST_APPLESS_MAIN(TestRecipe)
#include "test_recipe.moc"
