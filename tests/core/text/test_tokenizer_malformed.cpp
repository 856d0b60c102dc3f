// The malformed tokenizer files of robustness.md: each refused with its file and field, what is only odd loads.
#include <QtTest>
#include <algorithm>
#include <fstream>
#include <limits>

#include "core/text/tokenizer.h"
#include "tests/support/sentencepiece_file.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {

/// JSON written with ' for ", which keeps the tables legible.
std::string json(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  return text;
}

const std::string kGoodJson = json("{'added_tokens': [{'id': 6, 'content': '<|end|>', 'special': true}],"
    " 'normalizer': null, 'pre_tokenizer': {'type': 'ByteLevel', 'add_prefix_space': false, 'use_regex': true},"
    " 'post_processor': null, 'decoder': {'type': 'ByteLevel'},"
    " 'model': {'type': 'BPE', 'vocab': {'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}, 'merges': ['a b']}}");

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGoodJson;
  const std::size_t at = text.find(json(from));
  return at == std::string::npos ? std::string() : text.replace(at, from.size(), json(to));
}

std::string many(const std::string& item, int count) {
  std::string list = item;
  for (int i = 1; i < count; ++i) list += ", " + item;
  return list;
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

QByteArray deepGroups(int depth) {
  QByteArray bytes;
  for (int i = 0; i < depth; ++i) bytes += '\x53';  // field 10 starts a group
  return bytes;
}

}  // namespace

class TestTokenizerMalformed : public QObject {
  Q_OBJECT

 private:
  Result<std::shared_ptr<const Tokenizer>> openWith(const QString& name, const QByteArray& bytes) {
    m_folder = std::make_unique<QTemporaryDir>();
    write(std::filesystem::path(m_folder->path().toStdString()) / name.toStdString(), bytes.toStdString());
    return openTokenizer(m_folder->path().toStdString());
  }
  std::unique_ptr<QTemporaryDir> m_folder;

  static void file(const char* row, const std::string& from, const std::string& to, const char* field) {
    const std::string text = changed(from, to);
    QVERIFY2(!text.empty(), row);
    QTest::newRow(row) << "tokenizer.json" << QByteArray::fromStdString(text) << field;
  }
  static void model(const char* row, const std::string& bytes, const char* field) {
    QTest::newRow(row) << "tokenizer.model" << QByteArray::fromStdString(bytes) << field;
  }

  static void addModels() {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    model("NaN score", smallSentencePieceModel(sentencePiece("c", nan)), "pieces[6].score");
    model("infinite score", smallSentencePieceModel(sentencePiece("c", -infinity)), "pieces[6].score");
    model("a piece twice", smallSentencePieceModel(sentencePiece("a", 0)), "pieces[6].piece");
    model("a piece without text", smallSentencePieceModel(sentencePiece("", 0)), "pieces[6].piece");
    model("an unknown kind", smallSentencePieceModel(sentencePiece("c", 0, 9)), "pieces[6].type");
    model("two unknown pieces", smallSentencePieceModel(sentencePiece("c", 0, 2)), "pieces[6].type");
    model("byte piece <0x-1>", smallSentencePieceModel(sentencePiece("<0x-1>", 0, 6)), "pieces[6].piece");
    model("no unknown piece", sentencePiece("a", 0), "pieces");
    model("empty", "", "pieces");
    model("bytes missing", smallSentencePieceModel(protobufBytes(2, protobufNumber(35, 1))), "trainer_spec.byte_fallback");
    model("a varint that never ends", smallSentencePieceModel(std::string(20, '\x80')), "ModelProto");
    model("a varint of 65 bits", smallSentencePieceModel("\x50\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), "ModelProto");
    model("a varint cut off", smallSentencePieceModel() + "\x50\x80", "ModelProto");
    model("a length past the end", smallSentencePieceModel() + "\x0A\x7F", "ModelProto");
    model("a length of 2^63", smallSentencePieceModel() + "\x0A" + protobufVarint(1ull << 63), "ModelProto");
    model("a length past the piece", smallSentencePieceModel(protobufBytes(1, "\x0A\x05x")), "pieces[6]");
    model("a float cut off", smallSentencePieceModel(protobufBytes(1, "\x15xx")), "pieces[6]");
    model("wire type 7", smallSentencePieceModel("\x57"), "ModelProto");
    model("field number 0", smallSentencePieceModel(std::string("\x00\x00", 2)), "ModelProto");
    model("deep groups", smallSentencePieceModel() + deepGroups(100000).toStdString(), "ModelProto");
    model("a group not closed", smallSentencePieceModel() + deepGroups(1).toStdString(), "ModelProto");
    model("a group closed by another", smallSentencePieceModel("\x53\x5C"), "ModelProto");
    model("a group end alone", smallSentencePieceModel("\x54"), "ModelProto");
    model("a piece that is a number", smallSentencePieceModel(protobufNumber(1, 5)), "ModelProto field 1");
    model("rules that do not fit", smallSentencePieceModel(protobufBytes(3, protobufBytes(2, "\xFF\xFF\xFF\x7Fxxxx"))),
          "normalizer_spec.precompiled_charsmap");
  }

 private slots:
  void refused_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("field");
    file("id -1", "'ab': 2", "'ab': -1", "model.vocab.ab");
    file("id 2^32-1", "'ab': 2", "'ab': 4294967295", "model.vocab.ab");
    file("id 2^63", "'ab': 2", "'ab': 9223372036854775808", "model.vocab.ab");
    file("id 1.5", "'ab': 2", "'ab': 1.5", "model.vocab.ab");
    file("id as text", "'ab': 2", "'ab': '2'", "model.vocab.ab");
    file("two tokens with one id", "'ab': 2", "'ab': 1", "model.vocab.ab");
    file("a token twice", "'ab': 2", "'ab': 2, 'ab': 7", "model.vocab");
    file("no vocabulary", "{'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}", "{}", "model.vocab");
    file("a vocabulary that is a list", "{'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}", "[]", "model.vocab");
    file("a merge of one", "['a b']", "['ab']", "model.merges[0]");
    file("a merge of three", "['a b']", "['a b', 'a a b']", "model.merges[1]");
    file("a merge of a stranger", "['a b']", "['a c']", "model.merges[0]");
    file("a merge into a stranger", "['a b']", "['b a']", "model.merges[0]");
    file("a merge that is a number", "['a b']", "[7]", "model.merges[0]");
    file("a merge of numbers", "['a b']", "[[1, 2]]", "model.merges[0]");
    file("no merges", "'merges': ['a b']", "'merges': {}", "model.merges");
    file("unknown token not there", "'merges': ['a b']", "'merges': [], 'unk_token': '?'", "model.unk_token");
    file("added id -1", "'id': 6", "'id': -1", "added_tokens[0].id");
    file("added id 2^32-1", "'id': 6", "'id': 4294967295", "added_tokens[0].id");
    file("added id 1.5", "'id': 6", "'id': 1.5", "added_tokens[0].id");
    file("added id of another", "'id': 6", "'id': 2", "added_tokens");
    file("added without text", "'content': '<|end|>', ", "", "added_tokens[0].content");
    file("bos that is not there", "'post_processor': null",
         "'post_processor': {'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': 'x'}}], 'special_tokens': {'x': {'ids': [99]}}}",
         "post_processor.special_tokens");
    file("a pattern that does not compile", "{'type': 'ByteLevel', 'add_prefix_space': false, 'use_regex': true}",
         "{'type': 'Split', 'pattern': {'Regex': '(('}, 'behavior': 'Isolated', 'invert': false}", "pre_tokenizer.pattern.Regex");
    file("base64 that is none", "'normalizer': null", "'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': '*'}",
         "normalizer.precompiled_charsmap");
    file("rules that do not fit", "'normalizer': null", "'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': '/////w=='}",
         "normalizer.precompiled_charsmap");
    file("unigram: a score of text", "{'type': 'BPE', 'vocab': {'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}, 'merges': ['a b']}",
         "{'type': 'Unigram', 'unk_id': 0, 'vocab': [['<unk>', 0.0], ['a', 'NaN']]}", "model.vocab[1]");
    file("unigram: no unknown", "{'type': 'BPE', 'vocab': {'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}, 'merges': ['a b']}",
         "{'type': 'Unigram', 'vocab': [['<unk>', 0.0], ['a', -1.0]]}", "model.unk_id");
    file("unigram: unknown out of range", "{'type': 'BPE', 'vocab': {'a': 0, 'b': 1, 'ab': 2, 'Ġ': 3}, 'merges': ['a b']}",
         "{'type': 'Unigram', 'unk_id': 2, 'vocab': [['<unk>', 0.0], ['a', -1.0]]}", "model.unk_id");
    file("a template of thousands", "'post_processor': null", "'post_processor': {'type': 'TemplateProcessing', 'single': [" + many("0", 5000) + "], 'special_tokens': {}}",
         "post_processor.single");
    file("hundreds of steps", "'normalizer': null", "'normalizer': {'type': 'Sequence', 'normalizers': [" + many("{'type': 'NFC'}", 100) + "]}",
         "normalizer.normalizers[64].type");
    file("a long added token", "<|end|>", std::string(2000, 'x'), "added_tokens[0].content");
    file("no model", "'model'", "'modell'", "model");
    addModels();
  }

  void refused() {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, field);
    QElapsedTimer timer;
    timer.start();
    const auto result = openWith(name, bytes);
    QVERIFY(timer.elapsed() < 2000);
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::fileMalformed);
    QVERIFY2(QString::fromStdString(result.error().file).endsWith(name), result.error().file.c_str());
    QCOMPARE(QString::fromStdString(result.error().field), field);
    QVERIFY(!result.error().detail.empty());
  }

  void configs_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("field");
    const auto row = [](const char* title, const char* name, const char* bytes, const char* field) {
      QTest::newRow(title) << name << QByteArray::fromStdString(json(bytes)) << field;
    };
    row("id -1", "tokenizer_config.json", "{'added_tokens_decoder': {'-1': {'content': 'x'}}}", "added_tokens_decoder.-1");
    row("id 2^32-1", "tokenizer_config.json", "{'added_tokens_decoder': {'4294967295': {'content': 'x'}}}", "added_tokens_decoder.4294967295");
    row("id 1.5", "tokenizer_config.json", "{'added_tokens_decoder': {'1.5': {'content': 'x'}}}", "added_tokens_decoder.1.5");
    row("no text", "tokenizer_config.json", "{'added_tokens_decoder': {'7': {}}}", "added_tokens_decoder.7.content");
    row("empty text", "tokenizer_config.json", "{'added_tokens_decoder': {'7': {'content': ''}}}", "added_tokens_decoder.7");
    row("not an object", "tokenizer_config.json", "{'added_tokens_decoder': {'7': 'x'}}", "added_tokens_decoder.7");
    row("add_bos_token as text", "tokenizer_config.json", "{'add_bos_token': 'yes'}", "add_bos_token");
    row("a list", "tokenizer_config.json", "[]", "");
    row("added id -1", "added_tokens.json", "{'x': -1}", "x");
    row("added id 2^32-1", "added_tokens.json", "{'x': 4294967295}", "x");
    row("added id 1.5", "added_tokens.json", "{'x': 1.5}", "x");
    row("two tokens with one id", "added_tokens.json", "{'x': 7, 'y': 7}", "y");
  }

  void configs() {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, field);
    m_folder = std::make_unique<QTemporaryDir>();
    const std::filesystem::path folder = m_folder->path().toStdString();
    write(folder / "tokenizer.model", smallSentencePieceModel());
    write(folder / name.toStdString(), bytes.toStdString());
    const auto result = openTokenizer(folder);
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::fileMalformed);
    QVERIFY(QString::fromStdString(result.error().file).endsWith(name));
    QCOMPARE(QString::fromStdString(result.error().field), field);
  }

  void unsupportedIsNamed_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("detail");
    const auto row = [](const char* title, const std::string& from, const std::string& to, const char* field, const char* detail) {
      QTest::newRow(title) << "tokenizer.json" << QByteArray::fromStdString(changed(from, to)) << field << detail;
    };
    row("model", "'type': 'BPE'", "'type': 'WordPiece'", "model.type", "WordPiece");
    row("normalizer", "'normalizer': null", "'normalizer': {'type': 'BertNormalizer'}", "normalizer.type", "BertNormalizer");
    row("pre-tokenizer", "'type': 'ByteLevel', 'add_prefix_space': false", "'type': 'UnicodeScripts'", "pre_tokenizer.type", "UnicodeScripts");
    row("decoder", "'decoder': {'type': 'ByteLevel'}", "'decoder': {'type': 'WordPiece'}", "decoder.type", "WordPiece");
    row("post-processor", "'post_processor': null", "'post_processor': {'type': 'Odd'}", "post_processor.type", "Odd");
    row("suffix", "'merges'", "'end_of_word_suffix': '</w>', 'merges'", "model.end_of_word_suffix", "suffix");
    row("set operation", "{'type': 'ByteLevel', 'add_prefix_space': false, 'use_regex': true}",
        "{'type': 'Split', 'pattern': {'Regex': '[a-z&&[^b]]'}, 'behavior': 'Isolated'}", "pre_tokenizer.pattern.Regex", "&&");
    QTest::newRow("word model") << "tokenizer.model" << QByteArray::fromStdString(smallSentencePieceModel(protobufBytes(2, ""))).replace("\x12\x02\x18\x02", "\x12\x02\x18\x03")
                                << "trainer_spec.model_type" << "word";
  }

  void unsupportedIsNamed() {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, field);
    QFETCH(QString, detail);
    const auto result = openWith(name, bytes);
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::fileUnsupported);
    QCOMPARE(QString::fromStdString(result.error().field), field);
    QVERIFY2(QString::fromStdString(result.error().detail).contains(detail), result.error().detail.c_str());
  }

  void oddFilesLoad() {
    const auto gaps = openWith("tokenizer.json", QByteArray::fromStdString(changed("'Ġ': 3", "'Ġ': 1000")));
    QVERIFY(gaps.has_value());
    QCOMPARE((*gaps)->encode("ab ab", {}), (std::vector<std::int32_t>{2, 1000, 2}));
    QCOMPARE((*gaps)->vocabularySize(), 1001);
    QCOMPARE((*gaps)->decode(std::vector<std::int32_t>{2, 500, -1, 5000, 2}), std::string("abab"));

    using namespace std::string_literals;
    const auto nul = openWith("tokenizer.model", QByteArray::fromStdString(smallSentencePieceModel(sentencePiece("\0"s, -5))));
    QVERIFY(nul.has_value());
    QCOMPARE((*nul)->encode("a\0b"s, {}), (std::vector<std::int32_t>{1, 3, 6, 4}));
    QCOMPARE((*nul)->decode(std::vector<std::int32_t>{3, 6, 4}), "a\0b"s);

    const std::string unknownFields = protobufNumber(200, 7) + protobufBytes(201, "x") + "\x53\x53\x54\x54";
    QVERIFY(openWith("tokenizer.model", QByteArray::fromStdString(smallSentencePieceModel(unknownFields))).has_value());
  }

  void missing() {
    const auto nothing = openWith("readme.txt", "x");
    QVERIFY(!nothing.has_value());
    QCOMPARE(nothing.error().code, ErrorCode::fileMissing);
    m_folder = std::make_unique<QTemporaryDir>();
    const std::filesystem::path folder = m_folder->path().toStdString();
    std::filesystem::create_directory(folder / "tokenizer.model");
    QVERIFY(!openTokenizer(folder).has_value());
  }

  /// Every prefix of a good model and of a good tokenizer.json is refused or loads; none crashes.
  void prefixes() {
    const std::string model = smallSentencePieceModel();
    for (std::size_t length = 0; length < model.size(); ++length) {
      static_cast<void>(openWith("tokenizer.model", QByteArray(model.data(), static_cast<qsizetype>(length))));
    }
    for (std::size_t length = 0; length < kGoodJson.size(); ++length) {
      QVERIFY(!openWith("tokenizer.json", QByteArray(kGoodJson.data(), static_cast<qsizetype>(length))).has_value());
    }
  }

  /// Replacements that multiply stop before they fill the memory.
  void growingNormalizer() {
    std::string steps;
    for (int i = 0; i < 60; ++i) steps += std::string(i > 0 ? ", " : "") + "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': 'aaaa'}";
    const auto tokenizer = openWith("tokenizer.json", QByteArray::fromStdString(changed(
        "'normalizer': null", "'normalizer': {'type': 'Sequence', 'normalizers': [" + steps + "]}")));
    QVERIFY(tokenizer.has_value());
    QVERIFY((*tokenizer)->encode(std::string(1000, 'a'), {}).size() < 1000000);
  }

  /// A pattern that explodes and one that recurses stop at their limits; the text still becomes ids.
  void hostilePatterns_data() {
    QTest::addColumn<QString>("pattern");
    QTest::newRow("nested repeats") << "(a+)+$";
    QTest::newRow("recursion") << "(a(?1)?b)?";
    QTest::newRow("look-behind") << "(?<=a{1,200})(a|b)*c";
  }

  void hostilePatterns() {
    QFETCH(QString, pattern);
    std::string step = "{'type': 'Sequence', 'pretokenizers': [{'type': 'Split', 'pattern': {'Regex': 'PATTERN'}, 'behavior': 'Isolated'},"
    "      {'type': 'ByteLevel', 'add_prefix_space': false, 'use_regex': false}]}";
    step.replace(step.find("PATTERN"), 7, pattern.toStdString());
    const auto tokenizer = openWith(
        "tokenizer.json",
        QByteArray::fromStdString(changed("{'type': 'ByteLevel', 'add_prefix_space': false, 'use_regex': true}", step)));
    if (!tokenizer.has_value()) {
      QCOMPARE(QString::fromStdString(tokenizer.error().field), QString("pre_tokenizer.pretokenizers[0].pattern.Regex"));
      return;
    }
    QElapsedTimer timer;
    timer.start();
    const std::string text = std::string(100000, 'a') + "b";
    QCOMPARE((*tokenizer)->decode((*tokenizer)->encode(text, {})), text);
    QVERIFY2(timer.elapsed() < 20000, qPrintable(QString("%1 ms").arg(timer.elapsed())));
  }
};

QTEST_APPLESS_MAIN(TestTokenizerMalformed)
#include "test_tokenizer_malformed.moc"
