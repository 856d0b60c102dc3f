// Megabytes a second of every tokenizer in the data folder (and of the goldens), and what long runs of one character cost.
// usage: bench_tokenizers [TEXT]   (default: the data folder's wiki-en.txt and wiki-zh.txt)
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/text/tokenizer.h"
#include "tests/support/test_data.h"

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string fileText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void measure(const nibble::Tokenizer& tokenizer, const char* what, const std::string& text) {
  if (text.empty()) return;
  const auto start = Clock::now();
  const auto ids = tokenizer.encode(text, {false, false});
  const double encoding = secondsSince(start);
  const auto middle = Clock::now();
  const std::string back = tokenizer.decode(ids, true);
  const double decoding = secondsSince(middle);
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("  %-22s %9zu ids  encode %8.3f s %8.2f MB/s  decode %8.2f MB/s  %s\n", what, ids.size(), encoding, megabytes / encoding,
              megabytes / decoding, back == text ? "same text back" : "differs");
}

std::string repeated(const std::string& unit, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += unit;
  return text;
}

void measureFolder(const std::filesystem::path& folder, const std::string& english, const std::string& chinese) {
  const auto start = Clock::now();
  const auto tokenizer = nibble::openTokenizer(folder);
  if (!tokenizer) return;
  std::printf("%s: opened in %.0f ms\n", folder.filename().c_str(), secondsSince(start) * 1e3);
  measure(**tokenizer, "English", english);
  measure(**tokenizer, "Chinese", chinese);
  measure(**tokenizer, "10 MB of one letter", std::string(10'000'000, 'a'));
  measure(**tokenizer, "100,000 spaces", std::string(100'000, ' '));
  measure(**tokenizer, "100,000 line breaks", std::string(100'000, '\n'));
  measure(**tokenizer, "100,000 CJK", repeated("明", 100'000));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nibble::test;
  const std::string english = fileText(argc > 1 ? std::filesystem::path(argv[1]) : sharedData("text/wiki-en.txt"));
  const std::string chinese = argc > 1 ? std::string() : fileText(sharedData("text/wiki-zh.txt"));
  measureFolder(sampleModel(), english, chinese);
  for (const char* name : {"internlm3-8b-instruct", "tokenizers/internlm2", "tokenizers/mistral-v0.3", "tokenizers/tinyllama-chat",
                           "tokenizers/qwen2.5"}) {
    measureFolder(sharedData(name), english, chinese);
  }
  for (const char* name : {"sp-unigram-bytes", "gpt2", "llama3", "deepseek"}) measureFolder(goldenData(std::string("tokenizers/") + name), english, chinese);
}
