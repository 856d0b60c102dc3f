// NF4 bit for bit: bytes, absmax, nested statistics (given the case's offset) and dequantized values of every case that bitsandbytes
// itself computed, at every level of the kernels.
#include <QtTest>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/precision/codec.h"
#include "kernels/cpu/kernel_level.h"
#include "kernels/cpu/quantize.h"
#include "kernels/half.h"
#include "tests/support/random_matrix.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& path) : m_stream(path, std::ios::binary) {
    std::uint64_t length = 0;
    m_stream.read(reinterpret_cast<char*>(&length), 8);
    std::string text(length, ' ');
    m_stream.read(text.data(), static_cast<std::streamsize>(length));
    m_header = nlohmann::json::parse(text);
    m_base = 8 + length;
  }

  std::vector<std::uint8_t> bytes(const std::string& name) {
    const auto& range = m_header.at(name).at("data_offsets");
    std::vector<std::uint8_t> data(range[1].get<std::size_t>() - range[0].get<std::size_t>());
    m_stream.seekg(static_cast<std::streamoff>(m_base + range[0].get<std::uint64_t>()));
    m_stream.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
    return data;
  }

  std::vector<float> floats(const std::string& name) {
    const std::vector<std::uint8_t> data = bytes(name);
    std::vector<float> values(data.size() / 4);
    std::memcpy(values.data(), data.data(), values.size() * 4);
    return values;
  }

 private:
  std::ifstream m_stream;
  nlohmann::json m_header;
  std::uint64_t m_base = 0;
};

float rounded(float value, const std::string& dtype) {
  if (dtype == "float16") return halfToFloat(floatToHalf(value));
  return dtype == "bfloat16" ? bf16ToFloat(floatToBf16(value)) : value;
}

std::vector<std::uint8_t> asFile(const std::vector<float>& values, const std::string& dtype) {
  std::vector<std::uint8_t> bytes(values.size() * (dtype == "float32" ? 4 : 2));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t word = dtype == "float16" ? floatToHalf(values[i]) : floatToBf16(values[i]);
    if (dtype == "float32") std::memcpy(bytes.data() + i * 4, &values[i], 4);
    else std::memcpy(bytes.data() + i * 2, &word, 2);
  }
  return bytes;
}

template <typename T>
bool sameBytes(const std::vector<T>& ours, const std::vector<std::uint8_t>& theirs) {
  return ours.size() * sizeof(T) == theirs.size() && std::memcmp(ours.data(), theirs.data(), theirs.size()) == 0;
}

}  // namespace

class TestNf4Golden : public QObject {
  Q_OBJECT

 private slots:
  void cases() {
    NIBBLE_NEED_SHARED_DATA(folder, "nf4");
    TensorFile file(folder / "tensors.safetensors");
    QVERIFY(sameBytes(std::vector<float>(kDynamicCode, kDynamicCode + 256), file.bytes("dynamic_code")));
    std::ifstream lines(folder / "cases.jsonl");
    int plain = 0, doubled = 0;
    for (std::string line; std::getline(lines, line);) {
      const nlohmann::json entry = nlohmann::json::parse(line);
      if (entry.value("quant_type", "") != "nf4") continue;  // FP4 and INT8 are not formats of this program
      for (KernelLevel level : test::availableLevels()) {
        setKernelLevel(level);
        check(file, entry);
        if (QTest::currentTestFailed()) {
          qInfo("case %s at level %s", entry["case"].get<std::string>().c_str(), kernelLevelName(level));
          return;
        }
      }
      ++(entry["double_quant"].get<bool>() ? doubled : plain);
    }
    setKernelLevel(bestKernelLevel());
    qInfo("%d plain and %d doubly quantized cases equal bit for bit, at %d levels", plain, doubled, static_cast<int>(test::availableLevels().size()));
    QVERIFY(plain >= 21 && doubled >= 21);
  }

 private:
  static void check(TensorFile& file, const nlohmann::json& entry) {
    const std::string name = entry["case"], dtype = entry["dtype"];
    std::vector<float> x = file.floats(entry["input"]);
    for (float& value : x) value = rounded(value, dtype);
    const auto count = static_cast<std::int64_t>(x.size());
    Nf4Tensor tensor = makeNf4Tensor(count);
    const std::int64_t middle = count / 128 * 64;  // in two ranges, as threads would
    quantizeNf4(tensor, x.data() + middle, middle, count);
    quantizeNf4(tensor, x.data(), 0, middle);
    QVERIFY2(sameBytes(tensor.nibbles, file.bytes(name + ".packed")), "packed bytes");
    if (entry["double_quant"].get<bool>()) {
      const std::vector<float> absmax = tensor.absmax;
      const float offset = entry["nested_offset"].get<float>();
      QVERIFY2(std::fabs(meanAbsmax(absmax) - offset) <= 2.5e-7f * std::fabs(offset), "offset");
      doubleQuantize(tensor, offset);
      QVERIFY2(sameBytes(tensor.codes, file.bytes(name + ".absmax")), "nested codes");
      QVERIFY2(sameBytes(tensor.nested, file.bytes(name + ".nested_absmax")), "nested absmax");
    } else {
      QVERIFY2(sameBytes(tensor.absmax, file.bytes(name + ".absmax")), "absmax");
    }
    std::vector<float> back(x.size());
    dequantizeNf4(tensor, 0, middle, back.data());
    dequantizeNf4(tensor, middle, count, back.data() + middle);
    QVERIFY2(sameBytes(asFile(back, dtype), file.bytes(name + ".dequantized")), "dequantized values");
  }
};

QTEST_APPLESS_MAIN(TestNf4Golden)
#include "test_nf4_golden.moc"
