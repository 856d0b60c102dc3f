// Mapped files: what is refused, that a file which shrinks does not end the process, and arithmetic on sizes.
#include <sys/stat.h>

#include <QtTest>
#include <filesystem>
#include <thread>

#include "core/base/checked.h"
#include "core/base/mapped_file.h"
#include "core/base/text_file.h"
#include "tests/support/temp_model.h"

using namespace nibble;

class TestMappedFile : public QObject {
  Q_OBJECT
 private slots:
  void mapsWhatIsThere() {
    const test::TempFolder folder;
    const std::string content(100'000, 'x');
    const auto mapped = MappedFile::open(folder.write("a", content));
    QVERIFY(mapped.has_value());
    QCOMPARE((*mapped)->size(), std::uint64_t(100'000));
    QVERIFY(std::memcmp((*mapped)->bytes().data(), content.data(), content.size()) == 0);
    QVERIFY((*mapped)->intact().has_value());
    const auto empty = MappedFile::open(folder.write("b", ""));
    QVERIFY(empty.has_value() && (*empty)->bytes().empty() && (*empty)->intact().has_value());
  }

  void refusesWhatIsNoFile() {
    const test::TempFolder folder;
    const auto pipe = folder.path() / "pipe";
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    const auto codeOf = [](const std::filesystem::path& path) {
      const auto mapped = MappedFile::open(path);
      return mapped ? ErrorCode::failed : mapped.error().code;
    };
    QCOMPARE(codeOf(pipe), ErrorCode::fileUnsupported);
    QCOMPARE(codeOf("/dev/zero"), ErrorCode::fileUnsupported);
    QCOMPARE(codeOf(folder.path()), ErrorCode::fileUnsupported);
    QCOMPARE(codeOf(folder.path() / "none"), ErrorCode::fileMissing);
    QCOMPARE(codeOf(std::string("a\0b", 3)), ErrorCode::fileMissing);
    QCOMPARE(readTextFile(pipe).error().code, ErrorCode::fileUnsupported);
    QCOMPARE(readTextFile(folder.write("big", std::string(1000, 'x')), 999).error().code, ErrorCode::fileUnsupported);
    QCOMPARE(*readTextFile(folder.write("small", "abc")), std::string("abc"));
  }

  void survivesShrinkingInManyThreads() {
    const test::TempFolder folder;
    const auto path = folder.write("a", std::string(4 << 20, '\1'));
    const auto mapped = MappedFile::open(path);
    QVERIFY(mapped.has_value());
    std::filesystem::resize_file(path, 4096);
    std::atomic<std::uint64_t> sum = 0;
    std::vector<std::thread> readers;
    for (int t = 0; t < 4; ++t) {
      readers.emplace_back([&] {
        std::uint64_t own = 0;
        for (const std::byte value : (*mapped)->bytes()) own += std::to_integer<std::uint64_t>(value);
        sum += own;
      });
    }
    for (auto& reader : readers) reader.join();
    QCOMPARE(sum.load(), std::uint64_t(4 * 4096));
    QVERIFY(!(*mapped)->intact().has_value());
    QCOMPARE((*mapped)->intact().error().code, ErrorCode::fileMalformed);
  }

  void noticesACutInsideAPage() {
    const test::TempFolder folder;
    const auto path = folder.write("a", std::string(1000, '\1'));
    const auto mapped = MappedFile::open(path);
    std::filesystem::resize_file(path, 999);
    QVERIFY(!(*mapped)->intact().has_value());
  }

  void manyMapsComeAndGo() {
    const test::TempFolder folder;
    const auto path = folder.write("a", "abc");
    for (int i = 0; i < 10'000; ++i) QVERIFY(MappedFile::open(path).has_value());
  }

  void releasingOtherMemoryDoesNothing() {
    const std::vector<std::byte> own(1 << 20, std::byte{7});
    releaseFilePages(own.data(), own.size());
    QVERIFY(std::all_of(own.begin(), own.end(), [](std::byte b) { return b == std::byte{7}; }));
  }

  void checkedArithmetic() {
    constexpr std::uint64_t kMax = ~std::uint64_t{0};
    QCOMPARE((Checked(3) * 4 + 5).value(), std::uint64_t(17));
    QVERIFY(!(Checked(kMax) + 1).valid());
    QVERIFY(!(Checked(2) * (kMax - 1)).valid());
    QVERIFY(!(Checked(1) - 2).valid());
    QVERIFY(!Checked::fromSigned(-1).valid());
    QVERIFY(!(Checked(kMax) * kMax * 0).valid());
    QVERIFY(!((Checked(kMax) + 1) - 1).fitsIn(kMax));
    QCOMPARE(Checked(33).alignedUp(32).value(), std::uint64_t(64));
    QCOMPARE(Checked(64).alignedUp(32).value(), std::uint64_t(64));
    QVERIFY(!Checked(kMax).alignedUp(32).valid() && !Checked(1).alignedUp(0).valid());
    QVERIFY(Checked(5).fitsIn(5) && !Checked(6).fitsIn(5));
    QVERIFY(Checked(2) * 3 == Checked(6) && !(Checked::fromSigned(-1) == Checked::fromSigned(-1)));
  }
};

QTEST_APPLESS_MAIN(TestMappedFile)
#include "test_mapped_file.moc"
