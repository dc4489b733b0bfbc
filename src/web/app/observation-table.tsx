import {useVirtualizer} from '@tanstack/react-virtual';
import {useEffect, useLayoutEffect, useRef} from 'react';
import type {Observation} from '../../api/types.ts';
import {Link} from './link.tsx';
import {useIsNarrow} from './media.ts';
import {reasonOf} from './point-tip.tsx';
import type {Order} from './query.ts';
import {observationPath} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {shortPrincipal, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

interface Props {
  readonly rows: readonly Observation[];
  readonly order: Order;
  readonly selected: number | undefined;
  /** Rows that came in above the others since the last load. */
  readonly shifted: number;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly onSelect: (id: number) => void;
  readonly onOpen: (id: number) => void;
  readonly onOrder: (order: Order) => void;
}

const ROW = 30;
const NARROW_ROW = 74;

/** The observations, as many as there are: only those in view are made. */
export function ObservationTable(props: Props) {
  const {rows, order, selected, shifted, hasMore, onMore, onSelect, onOpen, onOrder} = props;
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useIsNarrow();
  const size = narrow ? NARROW_ROW : ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured anew.
  useEffect(() => virtual.measure(), [size]);

  // What one reads stays where it is while rows come in above it.
  const shiftedBefore = useRef(shifted);
  useLayoutEffect(() => {
    const moved = shifted - shiftedBefore.current;
    shiftedBefore.current = shifted;
    const element = scroller.current;
    if (moved > 0 && element !== null && element.scrollTop > 0) element.scrollTop += moved * size;
  }, [shifted, size]);

  const at = selected === undefined ? -1 : rows.findIndex(({id}) => id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection moves the view.
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, {align: 'auto'});
  }, [selected, at >= 0]);

  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && lastShown >= rows.length - 40) onMore();
  }, [hasMore, lastShown, rows.length, onMore]);

  const sort = (of: Order, name: string) => (
    // biome-ignore lint/a11y/useFocusableInteractive: the button within it takes the focus.
    // biome-ignore lint/a11y/useSemanticElements: rows that are made as they come into view cannot be a table element's.
    <div role="columnheader" aria-sort={order === of ? 'descending' : 'none'}>
      <button type="button" onClick={() => onOrder(of)}>
        {name}
        <span aria-hidden="true">{order === of ? ' ↓' : ''}</span>
      </button>
    </div>
  );
  const head = (name: string, className = '') => (
    // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to do with it.
    // biome-ignore lint/a11y/useSemanticElements: as above.
    <div role="columnheader" className={className}>
      {name}
    </div>
  );

  return (
    // biome-ignore lint/a11y/useSemanticElements: as above.
    <div
      className="table-scroll"
      ref={scroller}
      role="grid"
      aria-label="Observations"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-activedescendant={at >= 0 ? `row-${selected}` : undefined}
      tabIndex={0}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid takes the focus for its rows. */}
      {/* biome-ignore lint/a11y/useSemanticElements: as above. */}
      <div className="row head" role="row" aria-rowindex={1}>
        {sort('score', 'Score')}
        {sort('time', 'Time')}
        {head('Principal')}
        {head('Operation')}
        {head('Where', 'where')}
        {head('Why')}
      </div>
      <div className="rows" role="presentation" style={{height: virtual.getTotalSize()}}>
        {items.map(({index, start, key}) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the grid takes the focus for its rows.
            // biome-ignore lint/a11y/useSemanticElements: as above.
            // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter do the same.
            <div
              key={key}
              id={`row-${row.id}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={row.id === selected}
              className="row"
              style={{height: size, transform: `translateY(${start}px)`}}
              onClick={() => onSelect(row.id)}
              onDoubleClick={() => onOpen(row.id)}
            >
              <Cells row={row} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Cells({row}: {readonly row: Observation}) {
  const {principal, operation, account, region, network, error} = row.dimensions;
  const where = [account, region, network].filter((text) => text !== '-').join(' · ');
  return (
    <>
      {/* biome-ignore lint/a11y/useFocusableInteractive: the link within it takes the focus. */}
      {/* biome-ignore lint/a11y/useSemanticElements: cells of rows that are no table's. */}
      <div role="gridcell">
        <Link to={observationPath(row.id)} tabIndex={-1}>
          <ScoreText score={row.score} />
        </Link>
      </div>
      <Cell>
        <TimeText time={row.eventTime} />
      </Cell>
      <Cell title={visible(principal)} className="who">
        {visible(shortPrincipal(principal))}
      </Cell>
      <Cell title={visible(operation)} className="what">
        {visible(operation)}
        {error !== '-' && <span className="error"> {visible(error)}</span>}
      </Cell>
      <Cell title={visible(where)} className="where">
        {visible(where)}
      </Cell>
      <Cell title={visible(reasonOf(row))} className="why">
        {visible(reasonOf(row))}
      </Cell>
    </>
  );
}

interface CellProps {
  readonly children: React.ReactNode;
  readonly title?: string;
  readonly className?: string;
}

function Cell({children, title, className}: CellProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid takes the focus for its cells.
    // biome-ignore lint/a11y/useSemanticElements: cells of rows that are no table's.
    <div role="gridcell" title={title} className={className}>
      {children}
    </div>
  );
}
