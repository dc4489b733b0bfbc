/** Where a field of a JSON record is, and what is made of it. */
export interface StreamField {
  /** Keys from the root, joined by "."; absent for the hour of the event. */
  readonly path?: string | undefined;
  readonly bucket?:
    | 'log2'
    | {readonly width: number}
    | {readonly edges: readonly number[]}
    | undefined;
  readonly as: 'text' | 'network' | 'user-agent' | 'lower' | 'hour';
  /** Keep the first group of this regular expression, where it matches. */
  readonly pattern?: string | undefined;
  /** Keep this many "/"-separated segments. */
  readonly segments?: number | undefined;
}

interface CommonDeclaration {
  readonly timeZone: string;
  readonly workingDays: readonly string[];
  readonly peerGroups: readonly {readonly peer: string; readonly match: string}[];
  readonly organisationAccounts: readonly string[];
}

/** What a stream of records is, and which fields it has beyond those built in. */
export type StreamDeclaration = CommonDeclaration &
  (
    | {readonly type: 'cloudtrail'; readonly fields: Readonly<Record<string, StreamField>>}
    | {
        readonly type: 'json';
        readonly time: {readonly path: string; readonly unit: 'iso' | 's' | 'ms'};
        readonly id?: string | undefined;
        readonly fields: Readonly<Record<string, StreamField>>;
      }
  );
