export type Texts = Readonly<Record<string, string>>;

/** Turns the texts of a record's groups into the components of an event. */
export interface Deriver {
  /** The columns of a batch, in order. */
  readonly columns: readonly string[];
  /** Groups of the scan, and the columns that each decides, as indexes into `columns`. */
  readonly groups: readonly {readonly name: string; readonly columns: readonly number[]}[];
  /** Components of one combination, in the order of the group's columns. */
  derive(group: string, texts: Texts): readonly string[];
  /** Column that depends on the time alone; -1 if there is none. */
  readonly hourColumn: number;
  hour(timeMs: number): string;
  /** Whether the request parameters of this operation may change its components. */
  needsParameters(operation: Texts): boolean;
  /** What they change: column and component. `row` gives the components derived so far. */
  fromParameters(
    operation: Texts,
    parameters: unknown,
    row: (column: number) => string,
  ): readonly (readonly [column: number, component: string])[];
}
