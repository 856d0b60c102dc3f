// Sharded models: what model.safetensors.index.json may say and what not.
#include <QtTest>
#include <algorithm>
#include <filesystem>

#include "core/model/tensor_folder.h"
#include "tests/support/bounded.h"
#include "tests/support/temp_model.h"

using namespace nibble;

namespace {

std::string shard(const std::string& tensor) {
  return test::safetensorsBytes("{\"" + tensor + "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8);
}

struct Case {
  const char* name;
  std::string index;
  std::string field;
  ErrorCode code = ErrorCode::fileMalformed;
};

std::string mapped(const std::string& shardName) {
  return "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"" + shardName + "\"}}";
}

std::vector<Case> malformed() {
  return {
      {"parent folder", mapped("../two.safetensors"), "weight_map.b"},
      {"parent folder inside", mapped("x/../../two.safetensors"), "weight_map.b"},
      {"absolute", mapped("/tmp/two.safetensors"), "weight_map.b"},
      {"with NUL", mapped("two.safetensors\\u0000"), "weight_map.b"},
      {"empty", mapped(""), "weight_map.b"},
      {"missing shard", mapped("three.safetensors"), "", ErrorCode::fileMissing},
      {"a shard that is a folder", mapped("."), "", ErrorCode::fileUnsupported},
      {"tensor not in its shard", "{\"weight_map\":{\"a\":\"two.safetensors\"}}", "weight_map.a"},
      {"the same tensor in two shards",
       "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"again.safetensors\"}}", "a"},
      {"the same tensor named twice", "{\"weight_map\":{\"a\":\"one.safetensors\",\"a\":\"two.safetensors\"}}",
       "weight_map"},
      {"no weight_map", "{\"metadata\":{}}", "weight_map"},
      {"weight_map a list", "{\"weight_map\":[\"one.safetensors\"]}", "weight_map"},
      {"weight_map empty", "{\"weight_map\":{}}", "weight_map"},
      {"a shard that is a number", "{\"weight_map\":{\"a\":1}}", "weight_map.a"},
      {"not JSON", "weight_map", ""},
      {"a list", "[]", "weight_map"},
      {"nested without end", std::string(1'000'000, '['), ""},
  };
}

}  // namespace

class TestTensorFolder : public QObject {
  Q_OBJECT
 private:
  static void fill(const test::TempFolder& folder, const std::string& index) {
    folder.write("one.safetensors", shard("a"));
    folder.write("two.safetensors", shard("b"));
    folder.write("again.safetensors",
                 test::safetensorsBytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"c\":{"
                                        "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
                                        8));
    folder.write("model.safetensors.index.json", index);
  }

 private slots:
  void refuses_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Case& row : malformed()) QTest::addRow("%s", row.name) << index++;
  }
  void refuses() {
    QFETCH(int, index);
    const Case row = malformed()[static_cast<std::size_t>(index)];
    const test::TempFolder folder;
    fill(folder, row.index);
    Result<TensorFolder> opened = fail(ErrorCode::failed, "");
    const auto cost = test::measure([&] { opened = TensorFolder::open(folder.path()); });
    QVERIFY(!opened.has_value());
    QVERIFY2(opened.error().code == row.code, opened.error().detail.c_str());
    QVERIFY(opened.error().file.rfind(folder.path().string(), 0) == 0);
    if (row.name != std::string_view("nested without end")) QCOMPARE(opened.error().field, row.field);
    QVERIFY(test::withinBounds(cost, row.index.size()));
  }

  void loadsTwoShards() {
    const test::TempFolder folder;
    fill(folder,
         "{\"metadata\":{\"total_size\":16},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
    const auto opened = TensorFolder::open(folder.path());
    QVERIFY(opened.has_value());
    QVERIFY(opened->warnings().empty());
    QCOMPARE(opened->files().size(), std::size_t(2));
    QVERIFY(opened->find("a") && opened->find("b") && !opened->find("c"));
    QVERIFY(opened->find("b")->file->file().path().ends_with("two.safetensors"));
  }

  void wrongTotalSizeIsAWarning() {
    for (const char* total : {"17", "-1", "\"16\"", "1.5", "35215728640"}) {
      const test::TempFolder folder;
      fill(folder, std::string("{\"metadata\":{\"total_size\":") + total +
                       "},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
      const auto opened = TensorFolder::open(folder.path());
      QVERIFY(opened.has_value());
      QCOMPARE(opened->warnings().size(), std::size_t(1));
      QVERIFY(opened->warnings()[0].find("total_size") != std::string::npos);
    }
  }

  void tensorsTheIndexForgotAreAWarning() {
    const test::TempFolder folder;
    fill(folder, "{\"weight_map\":{\"c\":\"again.safetensors\"}}");
    const auto opened = TensorFolder::open(folder.path());
    QVERIFY(opened.has_value());
    QCOMPARE(opened->warnings().size(), std::size_t(1));
  }

  void spacesAndLongNames() {
    const test::TempFolder folder;
    const std::string longName = std::string(255 - 12, 'n') + ".safetensors";
    folder.write("my model, part 1.safetensors", shard("a"));
    folder.write(longName, shard("b"));
    folder.write("model.safetensors.index.json",
                 "{\"weight_map\":{\"a\":\"my model, part 1.safetensors\",\"b\":\"" + longName + "\"}}");
    const auto opened = TensorFolder::open(folder.path());
    QVERIFY2(opened.has_value(), opened ? "" : opened.error().detail.c_str());
    QVERIFY(opened->find("a") && opened->find("b"));
  }

  void linksAndSubfoldersAreFollowed() {
    const test::TempFolder folder;
    std::filesystem::create_directories(folder.path() / "blobs");
    std::filesystem::create_directories(folder.path() / "snapshot" / "sub");
    folder.write("blobs/1", shard("a"));
    folder.write("snapshot/sub/two.safetensors", shard("b"));
    std::filesystem::create_symlink("../blobs/1", folder.path() / "snapshot" / "one.safetensors");
    folder.write("snapshot/model.safetensors.index.json",
                 "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"sub/two.safetensors\"}}");
    QVERIFY(TensorFolder::open(folder.path() / "snapshot").has_value());
  }

  void singleFileComesFirstAndPicklesAreNamed() {
    const test::TempFolder folder;
    const auto nothing = TensorFolder::open(folder.path());
    QCOMPARE(nothing.error().code, ErrorCode::fileMissing);
    folder.write("pytorch_model.bin", "\x80\x02");
    const auto pickle = TensorFolder::open(folder.path());
    QCOMPARE(pickle.error().code, ErrorCode::fileUnsupported);
    QVERIFY(pickle.error().file.ends_with("pytorch_model.bin"));
    fill(folder, "broken");
    folder.write("model.safetensors", shard("a"));
    QVERIFY(TensorFolder::open(folder.path()).has_value());
  }
};

QTEST_APPLESS_MAIN(TestTensorFolder)
#include "test_tensor_folder.moc"
