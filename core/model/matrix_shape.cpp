#include "core/model/matrix_shape.h"

namespace nibble {

MatrixShape matrixShape(const ModelConfig& config, MatrixRole role) {
  switch (role) {
    case MatrixRole::query:
      return {config.queryWidth(), config.hidden};
    case MatrixRole::key:
    case MatrixRole::value:
      return {config.kvWidth(), config.hidden};
    case MatrixRole::attentionOutput:
      return {config.hidden, config.queryWidth()};
    case MatrixRole::gate:
    case MatrixRole::up:
      return {config.intermediate, config.hidden};
    case MatrixRole::down:
      return {config.hidden, config.intermediate};
    case MatrixRole::embedding:
    case MatrixRole::head:
      return {config.vocab, config.hidden};
  }
  return {};
}

bool headIsShared(const ModelConfig& config, const Recipe& recipe) {
  return config.tiedEmbeddings && recipe.head == recipe.embedding;
}

}  // namespace nibble
