/** What the command line needs of the floors below, which it does not reach itself. */
export {columnsOf, type DecodeSettings} from '../pipeline/decode-session.ts';
export type {TrailSummary} from '../pipeline/trail.ts';
export {listTrail, readDecompressed, type TrailFile} from '../sources/files.ts';
