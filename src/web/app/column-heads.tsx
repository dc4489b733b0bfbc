interface Props {
  readonly names: readonly string[];
  /** Those of them that stand over numbers. */
  readonly numbers?: readonly string[];
}

/** The head of a table: one name a column. */
export function ColumnHeads({names, numbers = []}: Props) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col" className={numbers.includes(name) ? 'number' : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
