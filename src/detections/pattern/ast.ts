/** Where it stands in the pattern: UTF-16 code units from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Node {
  readonly span: Span;
}

/** A CloudWatch filter pattern, as written: for JSON, for fields between blanks, for plain text. */
export type Pattern = JsonPattern | SpacePattern | TextPattern;

/** `{ … }` */
export interface JsonPattern extends Node {
  readonly kind: 'json';
  readonly expression: Expression<JsonTest>;
}

/** `[ip, …, status = 404]` */
export interface SpacePattern extends Node {
  readonly kind: 'space';
  readonly fields: readonly SpaceField[];
}

/** Terms, all of which must be in the text; none for everything. */
export interface TextPattern extends Node {
  readonly kind: 'text';
  readonly terms: readonly Term[];
}

export type Expression<Leaf> = Junction<Leaf> | Group<Leaf> | Leaf;

/** At least two operands. */
export interface Junction<Leaf> extends Node {
  readonly kind: 'or' | 'and';
  readonly operands: readonly Expression<Leaf>[];
}

/** Brackets, kept so that a pattern is printed as it was meant. */
export interface Group<Leaf> extends Node {
  readonly kind: 'group';
  readonly inner: Expression<Leaf>;
}

export type JsonTest = Comparison | Is | NotExists;

export type Operator = '=' | '!=' | '<' | '>' | '<=' | '>=';

export interface Comparison extends Node {
  readonly kind: 'compare';
  readonly selector: Selector;
  readonly operator: Operator;
  readonly value: Value;
}

export interface Is extends Node {
  readonly kind: 'is';
  readonly selector: Selector;
  readonly what: 'NULL' | 'TRUE' | 'FALSE';
}

export interface NotExists extends Node {
  readonly kind: 'not-exists';
  readonly selector: Selector;
}

/** `$.a['b c'][0].*` */
export interface Selector extends Node {
  readonly steps: readonly Step[];
}

export type Step =
  | {readonly kind: 'key'; readonly key: string}
  | {readonly kind: 'index'; readonly index: number}
  | {readonly kind: 'any-key'}
  | {readonly kind: 'any-index'};

export type Value = TextValue | NumberValue | RegexValue;

export interface TextValue extends Node {
  readonly kind: 'text';
  /** What is between the `*` wildcards: one piece for a text without, "" where one is at an end. */
  readonly pieces: readonly string[];
  readonly quoted: boolean;
}

export interface NumberValue extends Node {
  readonly kind: 'number';
  /** As written, such as "+1e3". */
  readonly text: string;
}

export interface RegexValue extends Node {
  readonly kind: 'regex';
  readonly source: string;
}

export type SpaceField = Ellipsis | NamedField;

/** `...`: any number of fields. */
export interface Ellipsis extends Node {
  readonly kind: 'ellipsis';
}

export interface NamedField extends Node {
  readonly kind: 'field';
  /** "" for one without a name. */
  readonly name: string;
  readonly condition: Expression<FieldTest> | null;
}

export interface FieldTest extends Node {
  readonly kind: 'field-compare';
  readonly name: string;
  readonly operator: Operator;
  readonly value: Value;
}

export interface Term extends Node {
  readonly kind: 'term';
  /** `A`, `?A` and `-A`. */
  readonly mode: 'include' | 'optional' | 'exclude';
  readonly match: Phrase | RegexValue;
}

export interface Phrase extends Node {
  readonly kind: 'phrase';
  readonly text: string;
  readonly quoted: boolean;
}
