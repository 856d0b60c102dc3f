// How large each weight matrix of a model is, by role: the one table that reader, plan and both backends use.
#pragma once
#include <cstdint>

#include "core/model/model_config.h"
#include "core/precision/recipe.h"

namespace nibble {

struct MatrixShape {
  std::int64_t rows = 0, columns = 0;
};

/// (rows, columns) of y = W x for a role; embedding and head are (vocab, hidden).
MatrixShape matrixShape(const ModelConfig& config, MatrixRole role);

/// True where the head is the embedding's matrix: tied, and held in the same format.
bool headIsShared(const ModelConfig& config, const Recipe& recipe);

}  // namespace nibble
