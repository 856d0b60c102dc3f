// The JSON reader: values, strictness, caps, duplicate keys, and that errors name file and field.
#include <QtTest>
#include <string>

#include "core/base/json.h"
#include "core/base/json_fields.h"

using namespace nibble;

namespace {

struct Refused {
  const char* name;
  std::string text;
  std::string field;
};

std::vector<Refused> refusedTexts() {
  return {
      {"empty", "", ""},
      {"space only", " \n", ""},
      {"open brace", "{", ""},
      {"open list", "[1,", "[1]"},
      {"two values", "1 2", ""},
      {"trailing comma in list", R"({"a":[1,]})", "a[1]"},
      {"trailing comma in object", R"({"a":1,})", "a"},
      {"no colon", R"({"a" 1})", "a"},
      {"key not quoted", "{a:1}", ""},
      {"single quotes", "{'a':1}", ""},
      {"NaN", R"({"rope":{"theta":NaN}})", "rope.theta"},
      {"Infinity", R"({"x":Infinity})", "x"},
      {"minus alone", "-", ""},
      {"plus", "+1", ""},
      {"leading zero", "[01]", "[0]"},
      {"point without digits", "[1.]", "[0]"},
      {"exponent without digits", "[1e]", "[0]"},
      {"number out of range", R"({"x":1e999})", "x"},
      {"half a word", "[tru]", "[0]"},
      {"word with a tail", "[truex]", "[0]"},
      {"string without end", R"({"a":"b)", "a"},
      {"bare control character", "[\"a\nb\"]", "[0]"},
      {"unknown escape", R"(["\x"])", "[0]"},
      {"short unicode escape", R"(["\u12"])", "[0]"},
      {"signed unicode escape", R"(["\u-123"])", "[0]"},
      {"lone high surrogate", R"(["\ud800"])", "[0]"},
      {"lone low surrogate", R"(["\udc00"])", "[0]"},
      {"high surrogate, then none", R"(["\ud800\u0041"])", "[0]"},
      {"overlong UTF-8", "[\"\xC0\xAF\"]", "[0]"},
      {"UTF-8 surrogate", "[\"\xED\xA0\x80\"]", "[0]"},
      {"UTF-8 above U+10FFFF", "[\"\xF4\x90\x80\x80\"]", "[0]"},
      {"UTF-8 cut off", "[\"\xE2\x82\"]", "[0]"},
      {"NUL in the text", std::string("[1\0]", 4), "[0]"},
      {"the same key twice", R"({"a":{"k":1,"x":2,"k":3}})", "a"},
      {"the same key spelled twice", R"({"k":1,"\u006b":2})", ""},
  };
}

}  // namespace

class TestJson : public QObject {
  Q_OBJECT
 private slots:
  void readsValues() {
    const auto document = JsonDocument::parse(
        R"( {"i": -42, "r": 2.5e-3, "big": 18446744073709551614, "t": true, "f": false, "n": null, "s": "a\u00e9\ud83d\ude00\n\u0000/\/",)"
        R"( "list": [1, [2, 3], {"x": 4}, "five"], "empty": {}, "none": []} )",
        "x.json");
    QVERIFY(document.has_value());
    const JsonValue root = document->root();
    QCOMPARE(root.size(), std::size_t(10));
    QCOMPARE(root["i"].integer(), std::int64_t(-42));
    QCOMPARE(root["r"].number(), 2.5e-3);
    QCOMPARE(root["big"].kind(), JsonKind::real);
    QCOMPARE(root["big"].number(), 18446744073709551614.0);
    QVERIFY(root["t"].boolean() && root["t"].isBoolean() && !root["f"].boolean());
    QVERIFY(root["n"].isNull() && !root["n"] && root["nothing"].isMissing());
    QCOMPARE(std::string(root["s"].string()), std::string("a\xC3\xA9\xF0\x9F\x98\x80\n\0//", 11));
    std::vector<std::string_view> kinds;
    for (const auto& item : root["list"].items()) kinds.push_back(item.value().kindName());
    QVERIFY((kinds == std::vector<std::string_view>{"a whole number", "a list", "an object", "a string"}));
    std::string keys;
    for (const auto& member : root.members()) keys += std::string(member.key()) + " ";
    QCOMPARE(keys, std::string("i r big t f n s list empty none "));
    QCOMPARE(root["empty"].size() + root["none"].size(), std::size_t(0));
    QVERIFY(root["i"]["deeper"]["still"].isMissing());
  }

  void viewsSurviveAMove() {
    auto document = JsonDocument::parse(R"({"a":"b"})", "x.json");
    const JsonValue root = document->root();
    const JsonDocument moved = std::move(*document);
    QCOMPARE(root["a"].string(), std::string_view("b"));
  }

  void refuses_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("field");
    for (const auto& row : refusedTexts()) {
      QTest::newRow(row.name) << QByteArray(row.text.data(), static_cast<int>(row.text.size()))
                              << QString::fromStdString(row.field);
    }
  }
  void refuses() {
    QFETCH(QByteArray, text);
    QFETCH(QString, field);
    const auto document =
        JsonDocument::parse(std::string_view(text.constData(), static_cast<std::size_t>(text.size())), "x.json");
    QVERIFY(!document.has_value());
    QCOMPARE(document.error().code, ErrorCode::fileMalformed);
    QCOMPARE(document.error().file, std::string("x.json"));
    QCOMPARE(QString::fromStdString(document.error().field), field);
    QVERIFY(!document.error().detail.empty());
  }

  void capsDepthAndCount() {
    const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    QVERIFY(JsonDocument::parse(nested(kDepth), "x").has_value());
    QVERIFY(!JsonDocument::parse(nested(kDepth + 1), "x").has_value());
    QVERIFY(!JsonDocument::parse(std::string(1'000'000, '['), "x").has_value());
    std::string many = "[0";
    for (int i = 0; i < 4'200'000; ++i) many += ",0";
    const auto refused = JsonDocument::parse(many + "]", "x");
    QVERIFY(!refused.has_value());
    QCOMPARE(refused.error().code, ErrorCode::fileUnsupported);
  }

  void fieldsCheckRangesAndKinds() {
    const auto document = JsonDocument::parse(
        R"({"rope":{"factor":6,"kind":"x","on":true,"whole":6.0,"half":6.5,"text":"32","none":null,"list":[1]}})",
        "c.json");
    const auto rope = JsonFields(document->root(), "c.json").object("rope");
    QVERIFY(rope.has_value());
    QCOMPARE(*rope->integer("factor", 1, 10), std::int64_t(6));
    QCOMPARE(*rope->integer("whole", 1, 10), std::int64_t(6));
    QCOMPARE(*rope->real("factor", 1, 10), 6.0);
    QCOMPARE(*rope->integerOr("none", 7, 1, 10), std::int64_t(7));
    QCOMPARE(*rope->stringOr("absent", "y"), std::string("y"));
    QVERIFY(*rope->boolean("on") && rope->array("list")->size() == 1);
    const auto check = [](const auto& result, const char* field) {
      return !result.has_value() && result.error().code == ErrorCode::fileMalformed &&
             result.error().file == "c.json" && result.error().field == field;
    };
    QVERIFY(check(rope->integer("half", 1, 10), "rope.half"));
    QVERIFY(check(rope->integer("text", 1, 99), "rope.text"));
    QVERIFY(check(rope->integer("factor", 7, 10), "rope.factor"));
    QVERIFY(check(rope->integer("none", 7, 10), "rope.none"));
    QVERIFY(check(rope->real("kind", 0, 1), "rope.kind"));
    QVERIFY(check(rope->string("factor"), "rope.factor"));
    QVERIFY(check(rope->boolean("factor"), "rope.factor"));
    QVERIFY(check(rope->object("list"), "rope.list"));
  }

  void quotesBackWhatItReads() {
    const std::string text("q\"\\\n\t\x01\0\xC3\xA9\xF0\x9F\x98\x80", 13);
    const auto document = JsonDocument::parse(jsonQuoted(text), "x");
    QVERIFY(document.has_value());
    QCOMPARE(std::string(document->root().string()), text);
    QCOMPARE(jsonQuoted("\xFF"), std::string("\"\xEF\xBF\xBD\""));
  }

 private:
  static constexpr std::size_t kDepth = 128;
};

QTEST_APPLESS_MAIN(TestJson)
#include "test_json.moc"
