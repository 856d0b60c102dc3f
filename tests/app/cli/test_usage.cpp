// Misuse of every verb: exit status 2, the argument's name, the synopsis, nothing on stdout; and help that shows examples.
#include <sys/stat.h>

#include <QtTest>

#include "tests/support/cli_process.h"

using namespace nibble::test;

namespace {
const QStringList kVerbs = {"chat", "complete", "logits", "eval", "tokenize", "detokenize", "template", "plan", "inspect", "bench", "devices"};
}

class TestUsage : public QObject {
  Q_OBJECT
 private slots:
  void helpOfEveryVerb() {
    const CliRun all = runCli({"--help"});
    QCOMPARE(all.status, 0);
    for (const QString& verb : kVerbs) {
      QVERIFY2(all.out.contains("  " + verb.toUtf8() + " "), qPrintable(verb));
      const CliRun help = runCli({verb, "--help"});
      QCOMPARE(help.status, 0);
      QVERIFY(help.err.isEmpty());
      QVERIFY2(help.out.contains("usage: nibble-cli " + verb.toUtf8()) && help.out.contains("examples:\n  "), help.out.constData());
      for (const char* option : {"--json", "--quiet", "--log-level", "--help"}) QVERIFY2(help.out.contains(option), option);
      QCOMPARE(runCli({"help", verb}).out, help.out);
    }
  }

  void wrongArguments_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("field");
    const auto row = [](const QStringList& arguments, const char* field) { QTest::newRow(qPrintable(arguments.join(' '))) << arguments << QString(field); };
    row({"nonsense"}, "nonsense");
    for (const QString& verb : kVerbs) row({verb, "--no-such-option"}, "--no-such-option");
    for (const char* verb : {"complete", "logits", "eval", "tokenize", "detokenize", "inspect"}) row({verb}, verb == QString("tokenize") || verb == QString("detokenize") ? "FOLDER" : "MODEL");
    for (const char* verb : {"plan", "bench", "template"}) row({verb}, "MODEL");
    row({"devices", "extra"}, "extra");
    row({"tokenize", "sample", "other"}, "other");
    row({"tokenize", "sample", "--plain=yes"}, "--plain");
    row({"tokenize", "sample", "--plain", "--plain"}, "--plain");
    row({"inspect", "sample", "--log-level", "loud"}, "--log-level");
    row({"inspect", "sample", "--log-level"}, "--log-level");
    row({"complete", "sample", "--greedy"}, "--ids, --prompt or --prompt-file");
    row({"complete", "sample", "--ids", "1", "--prompt", "a"}, "--ids, --prompt or --prompt-file");
    row({"complete", "sample", "--ids", "1,x"}, "--ids");
    row({"complete", "sample", "--ids", "1,,2"}, "--ids");
    row({"complete", "sample", "--ids", "-1"}, "--ids");
    row({"complete", "sample", "--ids", "1", "--max-tokens", "many"}, "--max-tokens");
    row({"complete", "sample", "--ids", "1", "--max-tokens", "-3"}, "--max-tokens");
    row({"complete", "sample", "--ids", "1", "--greedy", "--top-k", "4"}, "--top-k");
    row({"complete", "sample", "--ids", "1", "--top-p", "1.5"}, "--top-p");
    row({"complete", "sample", "--ids", "1", "--top-p", "0"}, "--top-p");
    row({"complete", "sample", "--ids", "1", "--temperature", "nan"}, "--temperature");
    row({"complete", "sample", "--ids", "1", "--seed", "-1"}, "--seed");
    row({"complete", "sample", "--ids", "1", "--plain"}, "--plain");
    row({"complete", "sample", "--ids", "1", "--precision", "q17"}, "--precision");
    row({"complete", "sample", "--ids", "1", "--head", "q17"}, "--head");
    row({"complete", "sample", "--ids", "1", "--embedding", "x"}, "--embedding");
    row({"complete", "sample", "--ids", "1", "--activations", "9"}, "--activations");
    row({"complete", "sample", "--ids", "1", "--compute", "int8"}, "--compute");
    row({"complete", "sample", "--ids", "1", "--kv", "q5"}, "--kv");
    row({"complete", "sample", "--ids", "1", "--context", "0"}, "--context");
    row({"complete", "sample", "--ids", "1", "--device", "tpu"}, "--device");
    row({"complete", "sample", "--ids", "1", "--device", "cuda:x"}, "--device");
    row({"complete", "sample", "--ids", "1", "--threads", "0"}, "--threads");
    row({"complete", "sample", "--ids", "1", "--vram-limit", "much"}, "--vram-limit");
    row({"complete", "sample", "--ids", "1", "--vram-limit", "5XB"}, "--vram-limit");
    row({"complete", "sample", "--ids", "9999999", "--max-tokens", "1", "--greedy"}, "--ids");
    row({"complete", "sample", "--prompt", "--greedy"}, "--prompt");
    row({"logits", "sample", "--ids", "1,8192", "--out", "x"}, "--ids");
    row({"logits", "sample", "--ids", "1,2,3", "--out", "x", "--context", "2"}, "--context");
    row({"logits", "sample", "--out", "x"}, "--ids");
    row({"logits", "sample", "--ids", "1"}, "--out");
    row({"logits", "sample", "--ids", "1", "--out", "x", "--chunk", "0"}, "--chunk");
    row({"eval", "sample"}, "--text");
    row({"eval", "sample", "--text", "x", "--score", "most"}, "--score");
    row({"eval", "sample", "--text", "x", "--window", "1"}, "--window");
    row({"eval", "sample", "--text", "x", "--bytes", "0"}, "--bytes");
    row({"eval", "sample", "--text", QStringLiteral(NIBBLE_SOURCE_DIR "/README.md"), "--context", "64"}, "--context");
    row({"template", "sample", "--template", "x"}, "--template");
    row({"template", "sample", "--now", "yesterday"}, "--now");
    row({"template", "sample", "--now", "2026-02-30T00:00:00"}, "--now");
    row({"plan", "sample", "--shape", "internlm3-8b"}, "--shape");
    row({"plan", "--shape", "gpt-9"}, "--shape");
    row({"bench", "sample", "--decode", "x"}, "--decode");
    row({"bench", "sample", "--depth", "0,b"}, "--depth");
    row({"bench", "sample", "--prefill", "512", "--context", "10"}, "--context");
    row({"chat", "sample", "--max-tokens", "0"}, "--max-tokens");
  }
  void wrongArguments() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, field);
    const CliRun plain = runCli(arguments);
    QCOMPARE(plain.status, 2);
    QVERIFY(plain.out.isEmpty());
    QVERIFY2(plain.err.contains(field.toUtf8()) && plain.err.contains("usage: nibble-cli "), plain.err.constData());

    const CliRun json = runCli(arguments + QStringList{"--json"});
    QCOMPARE(json.status, 2);
    QVERIFY(json.out.isEmpty());
    QCOMPARE(json.err.count('\n'), 1);
    const QJsonObject error = json.error();
    QCOMPARE(error["code"].toString(), QString("wrong_usage"));
    QCOMPARE(error["field"].toString(), field);
    QVERIFY2(error["message"].toString().contains(field) && error["message"].toString().contains("usage: nibble-cli "), json.err.constData());
  }

  /// The 4-bit cache is there to be found, and said to need a card where there is none.
  void theCacheOfFourBitsNeedsACard() {
    QVERIFY(runCli({"complete", "--help"}).out.contains("f16|q8|q4|f32"));
    const CliRun run = runCli({"complete", "sample", "--ids", "1", "--max-tokens", "1", "--kv", "q4", "--device", "cpu"});
    QCOMPARE(run.status, 2);
    QVERIFY2(run.err.contains("kv: the CPU holds") && run.err.contains("q4 needs a card"), run.err.constData());
    QVERIFY(runCli({"complete", "sample", "--ids", "1", "--kv", "q5"}).err.contains("--kv needs f16, q8, q4 or f32"));
  }

  void nothingAtAll() {
    const CliRun run = runCli({});
    QCOMPARE(run.status, 2);
    QVERIFY(run.out.isEmpty());
    QVERIFY(run.err.contains("verbs:"));
    QCOMPARE(runCli({"--version"}).status, 0);
  }

  void textsMayBeginWithDashes() {
    const QStringList common{"--max-tokens", "1", "--greedy", "--device", "cpu", "--json"};
    for (const QStringList& prompt : QList<QStringList>{{"--prompt", "--- a line"}, {"--prompt=--greedy"}, {"--prompt", "-1"}}) {
      const CliRun run = runCli(QStringList{"complete", "sample"} + prompt + common);
      QVERIFY2(run.status == 0 && run.json()["prompt_tokens"].toInt() > 1, run.err.constData());
    }
    QCOMPARE(runCli({"complete", "-h"}).out, runCli({"complete", "--help"}).out);
  }

  void bosIsNotDoubled() {
    const QStringList common{"--max-tokens", "0", "--greedy", "--device", "cpu", "--json"};
    const int plain = runCli(QStringList{"complete", "sample", "--prompt", "Once"} + common).json()["prompt_tokens"].toInt();
    QCOMPARE(runCli(QStringList{"complete", "sample", "--prompt", "<s>Once"} + common).json()["prompt_tokens"].toInt(), plain);
  }

  /// The finished file takes its name's place, which no device survives.
  void logitsReplaceNoDevice() {
    QTemporaryDir folder;
    const QByteArray pipe = folder.filePath("pipe").toUtf8();
    QCOMPARE(::mkfifo(pipe.constData(), 0600), 0);
    const CliRun run = runCli({"logits", "sample", "--ids", "1", "--out", pipe, "--device", "cpu", "--json"});
    QCOMPARE(run.status, 1);
    QCOMPARE(run.error()["file"].toString(), QString(pipe));
    const QString link = folder.filePath("link"), target = folder.filePath("target.safetensors");
    QVERIFY(QFile(target).open(QIODevice::WriteOnly) && QFile::link(target, link));
    QCOMPARE(runCli({"logits", "sample", "--ids", "1", "--out", link, "--device", "cpu"}).status, 0);
    QVERIFY(QFileInfo(link).isSymLink() && QFileInfo(target).size() > 4 * 8192);
  }

  void limitsMakePlansWithoutCards() {
    const QStringList plan{"plan", "--shape", "internlm3-8b", "--precision", "q4", "--context", "32768", "--kv", "q8", "--device", "cuda", "--json"};
    const CliRun limited = runCli(plan + QStringList{"--vram-limit", "8GiB"});
    QCOMPARE(limited.status, 0);
    QCOMPARE(limited.json()["free_bytes"].toDouble(), 8.0 * (1 << 30));
    QVERIFY(limited.json()["fits"].toBool());
    QVERIFY(!runCli(plan + QStringList{"--vram-limit", "4GiB"}).json()["fits"].toBool());
    const auto embedding = [](const CliRun& run) {
      for (const QJsonValue& part : run.json()["parts"].toArray())
        if (part["name"].toString().startsWith("embedding")) return part["device"].toString();
      return QString();
    };
    QVERIFY(embedding(limited).startsWith("cuda"));
    QCOMPARE(embedding(runCli(plan + QStringList{"--vram-limit", "8GiB", "--embedding-on-host"})), QString("cpu"));
  }

  void missingModels() {
    for (const QStringList& arguments : QList<QStringList>{{"inspect", "/no/such/folder"}, {"tokenize", "/no/such/folder"}, {"plan", "/no/such/folder"}, {"bench", "/no/such/folder"},
                                                           {"complete", "/no/such/folder", "--ids", "1"}, {"logits", "/no/such/folder", "--ids", "1", "--out", "x"}, {"chat", "/no/such/folder"}}) {
      const CliRun run = runCli(arguments + QStringList{"--json"});
      QCOMPARE(run.status, 3);
      QVERIFY(run.out.isEmpty());
      QCOMPARE(run.error()["code"].toString(), QString("file_missing"));
      QCOMPARE(run.error()["file"].toString(), QString("/no/such/folder"));
    }
  }

  void missingDevice() {
    const CliRun run = runCli({"complete", "sample", "--ids", "1", "--max-tokens", "1", "--greedy", "--device", "cuda:99", "--json"});
    QCOMPARE(run.status, 5);
    QCOMPARE(run.error()["code"].toString(), QString("device_missing"));
  }

  void tooLittleMemory() {
    const CliRun run = runCli({"bench", "--shape", "internlm3-8b", "--precision", "f32", "--device", "cpu", "--context", "900000000", "--json"});
    QCOMPARE(run.status, 4);
    const QJsonObject error = run.error();
    QCOMPARE(error["code"].toString(), QString("out_of_memory"));
    QVERIFY(error["needed"].toDouble() > error["available"].toDouble());
    const CliRun words = runCli({"bench", "--shape", "internlm3-8b", "--precision", "f32", "--device", "cpu", "--context", "900000000"});
    QVERIFY2(words.err.contains("Not enough memory") && words.err.contains("this would fit: --precision "), words.err.constData());
  }
};

QTEST_APPLESS_MAIN(TestUsage)
#include "test_usage.moc"
