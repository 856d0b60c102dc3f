// The pool covers every index once, whatever the threads and the grain, wakes sleeping workers and ends.
#include <sys/resource.h>
#include <unistd.h>

#include <QtTest>
#include <chrono>
#include <ctime>

#include "kernels/cpu/thread_pool.h"

using namespace nibble;

class TestThreadPool : public QObject {
  Q_OBJECT

 private slots:
  void coversEverythingOnce() {
    for (int threads : {1, 2, 3, 8}) {
      ThreadPool pool(threads);
      QCOMPARE(pool.threads(), threads);
      for (std::int64_t count : {0, 1, 2, 7, 100, 1003}) {
        for (std::int64_t grain : {0, 1, 16, 5000}) {
          std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
          pool.parallelFor(count, grain, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) seen[static_cast<std::size_t>(i)].fetch_add(1);
          });
          for (const auto& times : seen) QCOMPARE(times.load(), 1);
        }
      }
    }
  }

  void fewerThreadsWhereTheSystemGivesNoMore() {
#ifdef __SANITIZE_ADDRESS__  // in here, not around: moc does not see what the compiler defines
    QSKIP("skipped: the address sanitizer maps terabytes itself");
#endif
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_AS, &before), 0);
    QFile statm("/proc/self/statm");
    QVERIFY(statm.open(QIODevice::ReadOnly));
    const rlim_t used = statm.readAll().split(' ')[0].toULongLong() * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
    const rlimit tight{used + (rlim_t{512} << 20), before.rlim_max};  // a thread's stack takes 8 MiB of it
    QCOMPARE(setrlimit(RLIMIT_AS, &tight), 0);
    {
      ThreadPool pool(2000);
      QVERIFY(pool.threads() >= 1 && pool.threads() < 2000);
      std::atomic<std::int64_t> sum{0};
      pool.parallelFor(1000, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
      QCOMPARE(sum.load(), std::int64_t{1000});
    }
    QCOMPARE(setrlimit(RLIMIT_AS, &before), 0);
  }

  /// Pools end while their workers are at work, spin or fall asleep. (One could once sleep for good, which took a
  /// pause at the wrong instruction: this finds such a thing only with luck.)
  void poolsComeAndGo() {
    std::atomic<std::int64_t> sum{0};
    for (int round = 0; round < 2000; ++round) {
      ThreadPool pool(4);
      pool.parallelFor(64, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(round % 80);
      while (std::chrono::steady_clock::now() < until) {
      }
    }
    QCOMPARE(sum.load(), std::int64_t{2000 * 64});
  }

  /// Many short jobs one after the other: no job is lost, none is done twice, no worker looks at an old one.
  void manyJobs() {
    ThreadPool pool(4);
    std::vector<std::int64_t> values(64, 0);
    for (int job = 0; job < 20000; ++job) {
      pool.parallelFor(64, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] += i;
      });
    }
    for (std::int64_t i = 0; i < 64; ++i) QCOMPARE(values[static_cast<std::size_t>(i)], i * 20000);
  }

  void wakesAfterSleep() {
    ThreadPool pool(3);
    for (int round = 0; round < 20; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::atomic<std::int64_t> sum{0};
      pool.parallelFor(1000, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
      QCOMPARE(sum.load(), std::int64_t{1000});
    }
  }

  /// An idle pool takes no processor time.
  void sleepsWhenIdle() {
    ThreadPool pool(4);
    pool.parallelFor(100, 1, [](std::int64_t, std::int64_t) {});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::clock_t start = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double milliseconds = 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    qInfo("processor time of an idle pool in 200 ms: %.3f ms", milliseconds);
    QVERIFY(milliseconds < 20.0);
  }
};

QTEST_APPLESS_MAIN(TestThreadPool)
#include "test_thread_pool.moc"
