#include "core/model/tensor_type.h"

#include <iterator>

namespace nibble {
namespace {

struct Kind {
  std::string_view name;
  unsigned bits;
};
constexpr Kind kKinds[] = {{"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E4M3", 8}, {"F8_E5M2", 8},
                           {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},
                           {"F16", 16},    {"BF16", 16},       {"I32", 32},        {"U32", 32},    {"F32", 32},
                           {"F64", 64},    {"I64", 64},        {"U64", 64},        {"C64", 64},    {"F4", 4},
                           {"F6_E2M3", 6}, {"F6_E3M2", 6}};
static_assert(std::size(kKinds) == static_cast<std::size_t>(TensorType::f6e3m2) + 1);

}  // namespace

std::string_view tensorTypeName(TensorType type) {
  return kKinds[static_cast<int>(type)].name;
}
unsigned tensorTypeBits(TensorType type) {
  return kKinds[static_cast<int>(type)].bits;
}

std::optional<TensorType> tensorTypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i].name == name) return static_cast<TensorType>(i);
  }
  return std::nullopt;
}

}  // namespace nibble
