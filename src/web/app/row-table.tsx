import {useWindowVirtualizer} from '@tanstack/react-virtual';
import {type ReactNode, useEffect, useLayoutEffect, useRef, useState} from 'react';
import {ColumnHeads} from './column-heads.tsx';
import {useKeys} from './keys.ts';

interface Props<Row> {
  readonly label: string;
  readonly names: readonly string[];
  readonly numbers?: readonly string[];
  readonly className?: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The cells of a row. */
  readonly cells: (row: Row) => ReactNode;
  readonly selected: string | undefined;
  readonly onSelect: (key: string | undefined) => void;
  readonly onOpen: (row: Row) => void;
  readonly hasMore?: boolean;
  readonly onMore?: () => void;
}

/** From so many rows on, only those in view are made. */
const VIRTUAL_FROM = 200;
const ROW = 46;

/** A table in the flow of the page, with the keys of all tables: j, k, Enter. */
export function RowTable<Row>(props: Props<Row>) {
  const {label, names, numbers = [], className = '', rows, keyOf, cells, selected} = props;
  const {onSelect, onOpen, hasMore = false, onMore} = props;
  const table = useRef<HTMLTableElement>(null);
  const [margin, setMargin] = useState(0);
  const isVirtual = rows.length > VIRTUAL_FROM;
  const virtual = useWindowVirtualizer({
    count: isVirtual ? rows.length : 0,
    estimateSize: () => ROW,
    overscan: 20,
    scrollMargin: margin,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
  });
  // What stands above the rows may come and go.
  useLayoutEffect(() => {
    const top = table.current?.tBodies[0]?.getBoundingClientRect().top ?? 0;
    setMargin(Math.round(top + scrollY));
  });

  const at = selected === undefined ? -1 : rows.findIndex((row) => keyOf(row) === selected);
  const select = (to: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (row !== undefined) onSelect(keyOf(row));
  };
  const open = () => {
    const row = rows[at];
    if (row !== undefined) onOpen(row);
  };
  const move = (by: number) => () => select(at < 0 ? 0 : at + by);
  useKeys({
    j: move(1),
    k: move(-1),
    arrowdown: move(1),
    arrowup: move(-1),
    pagedown: move(20),
    pageup: move(-20),
    enter: open,
    o: open,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection moves the view.
  useEffect(() => {
    if (at < 0) return;
    const show = () =>
      table.current?.querySelector('[aria-current="true"]')?.scrollIntoView({block: 'nearest'});
    if (!isVirtual) {
      show();
      return;
    }
    virtual.scrollToIndex(at, {align: 'auto'});
    // Heights are only known of rows that were made: once more when this one is.
    const frame = requestAnimationFrame(() => requestAnimationFrame(show));
    return () => cancelAnimationFrame(frame);
  }, [selected, at >= 0]);

  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (isVirtual && hasMore && lastShown >= rows.length - 40) onMore?.();
  }, [isVirtual, hasMore, lastShown, rows.length, onMore]);

  const line = (row: Row, index: number) => (
    <tr
      key={keyOf(row)}
      data-index={index}
      ref={isVirtual ? virtual.measureElement : undefined}
      aria-rowindex={isVirtual ? index + 2 : undefined}
      aria-current={index === at ? 'true' : undefined}
      onClick={() => onSelect(keyOf(row))}
      onDoubleClick={() => onOpen(row)}
    >
      {cells(row)}
    </tr>
  );
  const before = items[0] === undefined ? 0 : items[0].start - margin;
  const after = virtual.getTotalSize() + margin - (items.at(-1)?.end ?? margin);
  return (
    <>
      <table
        ref={table}
        className={`plain stacked rows-table ${className}`}
        aria-label={label}
        aria-rowcount={isVirtual ? (hasMore ? -1 : rows.length + 1) : undefined}
      >
        <ColumnHeads names={names} numbers={numbers} />
        <tbody>
          {isVirtual && before > 0 && <Gap height={before} columns={names.length} />}
          {isVirtual
            ? items.map(({index}) => {
                const row = rows[index];
                return row === undefined ? null : line(row, index);
              })
            : rows.map(line)}
          {isVirtual && after > 0 && <Gap height={after} columns={names.length} />}
        </tbody>
      </table>
      {hasMore && (
        <p>
          <button type="button" onClick={() => onMore?.()}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}

/** Room of the rows that are not made. */
function Gap({height, columns}: {readonly height: number; readonly columns: number}) {
  return (
    <tr className="gap" style={{height}}>
      <td colSpan={columns} />
    </tr>
  );
}
