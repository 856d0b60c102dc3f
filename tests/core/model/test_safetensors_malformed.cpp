// Hostile and odd safetensors files: what is refused (with file and field), what must load, and what must stay cheap.
#include <sys/stat.h>

#include <QtTest>
#include <filesystem>

#include "core/model/safetensors_reader.h"
#include "tests/support/bounded.h"
#include "tests/support/temp_model.h"

using namespace nibble;
using test::littleEndian64;
using test::safetensorsBytes;

namespace {

struct Case {
  const char* name;
  std::string bytes;
  std::string field = "header";
  ErrorCode code = ErrorCode::fileMalformed;
};

// One tensor "t" with the given fields and 8 bytes of data.
std::string one(const std::string& fields, std::size_t data = 8) {
  return safetensorsBytes("{\"t\":{" + fields + "}}", data);
}
std::string offsets(const std::string& list) {
  return one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + list);
}
std::string shaped(const std::string& shape) {
  return one("\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,8]");
}
std::string two(const std::string& first, const std::string& second, std::size_t data) {
  return safetensorsBytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + first +
                              "},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + second + "}}",
                          data);
}

void addLengths(std::vector<Case>& cases) {
  for (int size = 0; size < 8; ++size)
    cases.push_back({"0 to 7 bytes", std::string(static_cast<std::size_t>(size), '\0')});
  cases.push_back({"length 60 and nothing after", littleEndian64(60)});
  cases.push_back({"length 0", littleEndian64(0)});
  cases.push_back({"length over 100 MB", littleEndian64(100'000'001) + std::string(64, ' ')});
  cases.push_back({"length 2^63", littleEndian64(std::uint64_t{1} << 63) + "{}"});
  cases.push_back({"length 2^64-8", littleEndian64(~std::uint64_t{0} - 7) + "{}"});
  cases.push_back({"length one too long", littleEndian64(3) + "{}"});
}

void addHeaders(std::vector<Case>& cases) {
  cases.push_back({"header not UTF-8", safetensorsBytes("{\"\xFF\xFE\":1}", 0)});
  cases.push_back({"header an open brace", safetensorsBytes("{", 0)});
  cases.push_back({"header a list", safetensorsBytes("[]", 0)});
  cases.push_back({"header null", safetensorsBytes("null", 0)});
  cases.push_back({"header a number", safetensorsBytes("1", 0)});
  cases.push_back({"header a string", safetensorsBytes("\"x\"", 0)});
  cases.push_back({"byte order mark", safetensorsBytes("\xEF\xBB\xBF{}", 0)});
  cases.push_back({"more after the header", safetensorsBytes("{}{}", 0)});
  cases.push_back({"a tensor that is a list", safetensorsBytes("{\"t\":[]}", 0), "t"});
  cases.push_back({"a tensor that is a number", safetensorsBytes("{\"t\":3}", 0), "t"});
  cases.push_back({"a tensor that is null", safetensorsBytes("{\"t\":null}", 0), "t"});
  cases.push_back({"a tensor without dtype", one("\"shape\":[2],\"data_offsets\":[0,8]"), "t"});
  cases.push_back({"a tensor without shape", one("\"dtype\":\"F32\",\"data_offsets\":[0,8]"), "t"});
  cases.push_back({"a tensor without offsets", one("\"dtype\":\"F32\",\"shape\":[2]"), "t"});
  cases.push_back(
      {"dtype twice", one("\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"), "t.dtype"});
  cases.push_back({"unknown dtype", one("\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]"), "t.dtype",
                   ErrorCode::fileUnsupported});
  cases.push_back({"dtype a number", one("\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]"), "t.dtype"});
  cases.push_back({"metadata with numbers", safetensorsBytes("{\"__metadata__\":{\"k\":1}}", 0), "__metadata__.k"});
  cases.push_back({"metadata a list", safetensorsBytes("{\"__metadata__\":[]}", 0), "__metadata__"});
  cases.push_back({"metadata in metadata", safetensorsBytes("{\"__metadata__\":{\"k\":{}}}", 0), "__metadata__.k"});
  cases.push_back({"metadata twice", safetensorsBytes("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "__metadata__"});
  cases.push_back({"the same tensor twice",
                   safetensorsBytes("{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                                    "\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
                                    8),
                   "t"});
  cases.push_back({"the same tensor twice, escaped",
                   safetensorsBytes("{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                                    "\"\\u0074\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                                    0),
                   "t"});
}

void addOffsets(std::vector<Case>& cases) {
  cases.push_back({"first tensor not at 0", two("[1,5]", "[5,9]", 9), "a"});
  cases.push_back({"a hole", two("[0,4]", "[5,9]", 9), "b"});
  cases.push_back({"an overlap", two("[0,4]", "[3,7]", 7), "b"});
  cases.push_back({"the same place twice", two("[0,4]", "[0,4]", 4), "b"});
  cases.push_back({"trailing bytes", two("[0,4]", "[4,8]", 9)});
  cases.push_back({"2 bytes missing", two("[0,4]", "[4,8]", 6), "b"});
  cases.push_back({"end before begin", offsets("[8,0]"), "t"});
  cases.push_back({"negative offset", offsets("[-8,0]"), "t.data_offsets[0]"});
  cases.push_back({"offset 1.5", offsets("[0,1.5]"), "t.data_offsets[1]"});
  cases.push_back({"offset 8.0", offsets("[0,8.0]"), "t.data_offsets[1]"});
  cases.push_back({"offset a string", offsets("[\"0\",8]"), "t.data_offsets[0]"});
  cases.push_back({"offset true", offsets("[true,8]"), "t.data_offsets[0]"});
  cases.push_back({"offset null", offsets("[null,8]"), "t.data_offsets[0]"});
  cases.push_back({"three offsets", offsets("[0,4,8]"), "t.data_offsets[2]"});
  cases.push_back({"one offset", offsets("[0]"), "t.data_offsets"});
  cases.push_back({"no offsets", offsets("[]"), "t.data_offsets"});
  cases.push_back({"offsets an object", offsets("{}"), "t.data_offsets"});
  cases.push_back({"offset 2^63-1", offsets("[0,9223372036854775807]"), "t"});
  cases.push_back({"offset 2^64", offsets("[0,18446744073709551616]"), "t.data_offsets[1]"});
  cases.push_back({"shape x width too small", shaped("[1]"), "t"});
  cases.push_back({"shape x width too large", shaped("[3]"), "t"});
  cases.push_back({"empty shape is one element", shaped("[]"), "t"});
  cases.push_back({"product that wraps: [2, 2^64-2]", shaped("[2,18446744073709551614]"), "t.shape[1]"});
  cases.push_back({"product that wraps: [2^62, 2^62]", shaped("[4611686018427387904,4611686018427387904]"), "t"});
  cases.push_back({"product that wraps to the span", shaped("[4611686018427387906]"), "t"});
  cases.push_back({"product that wraps with a 0", shaped("[4611686018427387904,4611686018427387904,0]"), "t"});
  cases.push_back({"negative dimension", shaped("[-2]"), "t.shape[0]"});
  cases.push_back({"dimension 2.0", shaped("[2.0]"), "t.shape[0]"});
  cases.push_back({"dimension a list", shaped("[[2]]"), "t.shape[0]"});
  cases.push_back({"half a byte over", one("\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]", 1), "t"});
}

std::vector<Case> malformed() {
  std::vector<Case> cases;
  addLengths(cases);
  addHeaders(cases);
  addOffsets(cases);
  return cases;
}

struct Loadable {
  const char* name;
  std::string bytes;
  std::string tensor;
  std::size_t count;
};

std::vector<Loadable> loadable() {
  const std::string zero = "{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[0,0]}";
  const std::string four = "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}";
  return {{"no tensors", safetensorsBytes("{}", 0), "", 0},
          {"a scalar", safetensorsBytes("{\"s\":" + four + "}", 4), "s", 1},
          {"zero-size tensors sharing an offset",
           safetensorsBytes("{\"x\":" + four + ",\"y\":" + zero + ",\"z\":" + zero + "}", 4), "z", 3},
          {"padded with spaces", safetensorsBytes("  \n{\"s\":" + four + "}   \t\r\n  ", 4), "s", 1},
          {"names with / and non-ASCII", safetensorsBytes("{\"a/b/\xC3\xA9\xE6\xA8\xA1\":" + four + "}", 4),
           "a/b/\xC3\xA9\xE6\xA8\xA1", 1},
          {"an empty name", safetensorsBytes("{\"\":" + four + "}", 4), "", 1},
          {"metadata of strings",
           safetensorsBytes("{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\"},\"s\":" + four + "}", 4), "s", 1},
          {"metadata null", safetensorsBytes("{\"__metadata__\":null,\"s\":" + four + "}", 4), "s", 1},
          {"an unknown field in a tensor",
           safetensorsBytes(
               "{\"s\":{\"extra\":{\"a\":[1,{}]},\"n\":2.5,\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4),
           "s", 1},
          {"4-bit elements", safetensorsBytes("{\"s\":{\"dtype\":\"F4\",\"shape\":[2,4],\"data_offsets\":[0,4]}}", 4),
           "s", 1}};
}

}  // namespace

class TestSafetensorsMalformed : public QObject {
  Q_OBJECT
 private slots:
  void refuses_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Case& row : malformed()) QTest::addRow("%d %s", index, row.name) << index, ++index;
  }
  void refuses() {
    QFETCH(int, index);
    const Case row = malformed()[static_cast<std::size_t>(index)];
    const test::TempFolder folder;
    const auto path = folder.write("x.safetensors", row.bytes);
    Result<std::shared_ptr<const SafetensorsFile>> opened = fail(ErrorCode::failed, "");
    const auto cost = test::measure([&] { opened = SafetensorsFile::open(path); });
    QVERIFY(!opened.has_value());
    QVERIFY2(opened.error().code == row.code, opened.error().detail.c_str());
    QCOMPARE(opened.error().file, path.string());
    QCOMPARE(opened.error().field, row.field);
    QVERIFY(!opened.error().detail.empty());
    QVERIFY(test::withinBounds(cost, row.bytes.size()));
  }

  void loads_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Loadable& row : loadable()) QTest::addRow("%s", row.name) << index++;
  }
  void loads() {
    QFETCH(int, index);
    const Loadable row = loadable()[static_cast<std::size_t>(index)];
    const test::TempFolder folder;
    const auto opened = SafetensorsFile::open(folder.write("x.safetensors", row.bytes));
    QVERIFY2(opened.has_value(), opened ? "" : opened.error().detail.c_str());
    QCOMPARE((*opened)->tensorCount(), row.count);
    if (row.count > 0) QVERIFY((*opened)->find(row.tensor).has_value());
    QVERIFY(!(*opened)->find("no such tensor").has_value());
  }

  void everyPrefixOfAGoodFileIsRefused() {
    const test::TempFolder folder;
    const std::string whole = loadable()[6].bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      QVERIFY(!SafetensorsFile::open(folder.write("x.safetensors", whole.substr(0, size))).has_value());
    }
  }

  void aMillionNestedLists() {
    const test::TempFolder folder;
    const std::string bytes = safetensorsBytes("{\"t\":" + std::string(1'000'000, '['), 0);
    const auto path = folder.write("x.safetensors", bytes);
    const auto cost = test::measure([&] { QVERIFY(!SafetensorsFile::open(path).has_value()); });
    QVERIFY(test::withinBounds(cost, bytes.size()));
  }

  void nestedListsInAnUnknownField() {
    const test::TempFolder folder;
    const std::string bytes = safetensorsBytes("{\"t\":{\"x\":" + std::string(1'000'000, '['), 0);
    const auto opened = SafetensorsFile::open(folder.write("x.safetensors", bytes));
    QVERIFY(!opened.has_value());
    QVERIFY(opened.error().detail.find("nested") != std::string::npos);
  }

  void aMillionZeroSizeTensors() {
    const test::TempFolder folder;
    std::string header = "{";
    for (int i = 0; i < 1'000'000; ++i) {
      if (i > 0) header += ',';
      header += "\"t" + std::to_string(i) + "\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
    }
    header += "}";
    const auto path = folder.write("x.safetensors", safetensorsBytes(header, 0));
    const std::size_t size = header.size() + 8;
    header = {};
    std::size_t count = 0;
    const auto cost = test::measure([&] {
      const auto opened = SafetensorsFile::open(path);
      count = opened ? (*opened)->tensorCount() : 0;
      QVERIFY(opened && (*opened)->find("t999999"));
    });
    QCOMPARE(count, std::size_t(1'000'000));
    qInfo("%.2f s, %.0f MiB of resident memory for a file of %.0f MiB", cost.seconds, cost.peakGrowth / 1048576.0, size / 1048576.0);
    QVERIFY(test::withinBounds(cost, size));
  }

  void pipesAndDevices() {
    const test::TempFolder folder;
    const auto pipe = folder.path() / "pipe.safetensors";
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    for (const std::filesystem::path& path : {pipe, std::filesystem::path("/dev/zero"), folder.path()}) {
      const auto cost = test::measure([&] {
        const auto opened = SafetensorsFile::open(path);
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, ErrorCode::fileUnsupported);
        QCOMPARE(opened.error().file, path.string());
      });
      QVERIFY(test::withinBounds(cost, 0));
    }
    const auto link = folder.path() / "link.safetensors";
    std::filesystem::create_symlink("/dev/zero", link);
    QVERIFY(!SafetensorsFile::open(link).has_value());
    const auto missing = SafetensorsFile::open(folder.path() / "none.safetensors");
    QCOMPARE(missing.error().code, ErrorCode::fileMissing);
  }

  void truncatedWhileOpen() {
    const test::TempFolder folder;
    const std::size_t data = 1 << 20;
    const auto path = folder.write(
        "x.safetensors",
        safetensorsBytes("{\"t\":{\"dtype\":\"U8\",\"shape\":[1048576],\"data_offsets\":[0,1048576]}}", data));
    const auto opened = SafetensorsFile::open(path);
    QVERIFY(opened.has_value() && (*opened)->file().intact().has_value());
    std::filesystem::resize_file(path, 8192);
    std::size_t sum = 0;
    for (const std::byte value : (*opened)->tensor(0).data) sum += std::to_integer<std::size_t>(value);
    QVERIFY2(sum > 0 && sum < data, "the bytes that are gone read as zeros");
    const auto intact = (*opened)->file().intact();
    QVERIFY(!intact.has_value());
    QCOMPARE(intact.error().code, ErrorCode::fileMalformed);
    QCOMPARE(intact.error().file, path.string());
  }

  void tensorsAsFloats() {
    const test::TempFolder folder;
    // F16: 1, -2, the smallest subnormal, infinity; BF16: 1, -2; F32: 0.5
    const std::string f16("\x00\x3C\x00\xC0\x01\x00\x00\x7C", 8), bf16("\x80\x3F\x00\xC0", 4),
        f32("\x00\x00\x00\x3F", 4);
    const std::string header =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],"
        "\"data_offsets\":[8,12]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]},\"i\":{\"dtype\":\"I32\",\"shape\":[1],"
        "\"data_offsets\":[16,20]}}";
    const auto opened = SafetensorsFile::open(
        folder.write("x.safetensors", littleEndian64(header.size()) + header + f16 + bf16 + f32 + f32));
    QVERIFY(opened.has_value());
    QCOMPARE(*tensorAsFloats(*(*opened)->find("h"), "x"), (std::vector<float>{1.0f, -2.0f, 0x1p-24f, HUGE_VALF}));
    QCOMPARE(*tensorAsFloats(*(*opened)->find("b"), "x"), (std::vector<float>{1.0f, -2.0f}));
    QCOMPARE(*tensorAsFloats(*(*opened)->find("f"), "x"), std::vector<float>{0.5f});
    const auto refused = tensorAsFloats(*(*opened)->find("i"), "x");
    QCOMPARE(refused.error().code, ErrorCode::fileUnsupported);
    QCOMPARE(refused.error().field, std::string("i"));
  }
};

QTEST_APPLESS_MAIN(TestSafetensorsMalformed)
#include "test_safetensors_malformed.moc"
