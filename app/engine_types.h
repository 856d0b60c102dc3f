// The engine's value types, re-exported for the window: ui includes this, never core's own headers.
#pragma once
#include <QMetaType>
#include <QString>
#include <filesystem>

#include "core/engine/engine.h"

namespace nibble {

/// One piece of work on the worker thread; ids grow, 0 is none.
using RunId = quint64;

/// How far a job of one's own (comparison, evaluation) has come.
struct JobProgress {
  QString label;          ///< what is being done now, for people
  qint64 done = 0;
  qint64 total = 0;       ///< 0: unknown
};

inline QString toQString(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

}  // namespace nibble

Q_DECLARE_METATYPE(nibble::Error)
Q_DECLARE_METATYPE(nibble::LoadRequest)
Q_DECLARE_METATYPE(nibble::LoadProgress)
Q_DECLARE_METATYPE(nibble::LoadReport)
Q_DECLARE_METATYPE(nibble::ModelInfo)
Q_DECLARE_METATYPE(nibble::GenerateEvent)
Q_DECLARE_METATYPE(nibble::GenerateResult)
Q_DECLARE_METATYPE(nibble::RenderedPrompt)
Q_DECLARE_METATYPE(nibble::JobProgress)
Q_DECLARE_METATYPE(std::optional<nibble::ModelInfo>)
