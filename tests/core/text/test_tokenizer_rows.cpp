// Every row of the publishers' tokenizers: ids, pieces, and back to text.
#include <QtTest>

#include "core/text/tokenizer.h"
#include "tests/support/test_data.h"
#include "tests/support/token_rows.h"

using namespace nibble;
using namespace nibble::test;

namespace {

QByteArray shown(const std::vector<std::int32_t>& ids) {
  QByteArray text;
  for (const std::int32_t id : ids) text += QByteArray::number(id) + ' ';
  return text;
}

}  // namespace

class TestTokenizerRows : public QObject {
  Q_OBJECT

 private:
  void checkFolder(const std::filesystem::path& folder, std::size_t expectedRows) {
    const auto tokenizer = openTokenizer(folder);
    QVERIFY2(tokenizer.has_value(), tokenizer ? "" : tokenizer.error().detail.c_str());
    const std::vector<TokenRow> rows = readTokenRows(folder / "tokens_expected.jsonl");
    QCOMPARE(rows.size(), expectedRows);
    for (const TokenRow& row : rows) {
      const auto ids = (*tokenizer)->encode(row.text, encodeOptions(row.flags));
      QVERIFY2(ids == row.ids, "text: " + QByteArray::fromStdString(row.text) + "\n got: " + shown(ids) + "\nwant: " + shown(row.ids));
      QCOMPARE((*tokenizer)->decode(ids, true), row.decoded);
      for (std::size_t i = 0; i < row.pieces.size(); ++i) QCOMPARE((*tokenizer)->pieceOf(ids[i]), row.pieces[i]);
    }
  }

 private slots:
  void internLm3() {
    NIBBLE_NEED_SHARED_DATA(folder, "internlm3-8b-instruct");
    checkFolder(folder, 66);
  }
  void internLm2() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/internlm2");
    checkFolder(folder, 65);
  }
  void mistral() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/mistral-v0.3");
    checkFolder(folder, 65);
  }
  void tinyLlama() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/tinyllama-chat");
    checkFolder(folder, 65);
  }
  void qwen() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/qwen2.5");
    checkFolder(folder, 65);
  }
};

QTEST_APPLESS_MAIN(TestTokenizerRows)
#include "test_tokenizer_rows.moc"
