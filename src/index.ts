/** The library: the names below are the whole public surface, and change with the version. */
export {
  type CloudTrailRecord,
  createDetector,
  type NoveltyDetector,
  type NoveltyScore,
  type Observation,
  restoreDetector,
} from './app/library.ts';
export type {DetectorOptions, FacetScore} from './app/library.ts';
export {loadContexts} from './app/library.ts';
export {AppError, type ErrorCode} from './base/errors.ts';
export type {ContextDeclaration, FacetDeclaration, FacetSentences} from './features/context.ts';
