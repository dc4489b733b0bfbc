/** The library: the names below are the whole public surface, and change with the version. */

export {InputFault} from './app/input-fault.ts';
export type {DetectorOptions, FacetScore, LoadedContexts} from './app/library.ts';
export {
  type CloudTrailRecord,
  createDetector,
  loadContexts,
  type NoveltyDetector,
  type NoveltyScore,
  type Observation,
  restoreDetector,
} from './app/library.ts';
export {AppError, type ErrorCode} from './base/errors.ts';
export type {ContextDeclaration, FacetDeclaration, FacetSentences} from './features/context.ts';
