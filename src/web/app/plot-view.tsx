import {useRef, useState} from 'react';
import type {Observation} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import type {Range} from './plot-frame.ts';
import {PlotLegend} from './plot-legend.tsx';
import type {PointSet} from './point-set.ts';
import {PointTip} from './point-tip.tsx';
import {usePreferences} from './preferences.ts';
import type {Scale} from './raster.ts';
import {
  type LegendEntry,
  type PlotEvents,
  type PlotView as PlotViewState,
  ScorePlot,
} from './score-plot.ts';
import {useThresholds} from './session.ts';
import {formatMoment} from './text.ts';
import {usePlot} from './use-plot.ts';

interface Props {
  readonly points: PointSet;
  readonly version: number;
  readonly range: Range;
  readonly scale: Scale;
  /** Id of the ringed point. */
  readonly marked: number | undefined;
  /** Rows on hand, so that a tip need not ask for what is here. */
  readonly rows: readonly Observation[];
  readonly onPick: (id: number) => void;
  readonly onZoom: (range: Range) => void;
  readonly onReset: () => void;
  /** Plots of the same key have one cursor. */
  readonly sync?: string;
  /** A group of the legend was chosen; no legend without. */
  readonly onGroup?: (group: string) => void;
}

/** The plot with its tip and legend. */
export function PlotView(props: Props) {
  const {points, version, range, scale, marked = -1, sync, onGroup} = props;
  const events = useRef(props);
  events.current = props;
  const {zone} = usePreferences();
  const thresholds = useThresholds();
  const [legend, setLegend] = useState<readonly LegendEntry[]>([]);
  const [emphasis, setEmphasis] = useState<string>();
  const [hovered, setHovered] = useState<{id: number; x: number; y: number}>();

  const view: PlotViewState = {points, version, range, scale, zone, thresholds, marked, emphasis};
  const told: PlotEvents = {
    onHover: (id, x, y) =>
      setHovered((before) => (id < 0 ? undefined : before?.id === id ? before : {id, x, y})),
    onPick: (id) => events.current.onPick(id),
    onZoom: (to) => events.current.onZoom(to),
    onReset: () => events.current.onReset(),
    onLegend: setLegend,
  };
  const {host, plot} = usePlot(
    view,
    (element, first) => new ScorePlot(element, first, told, sync),
    sync,
  );

  const label =
    `Plot of novelty score against time: ${formatCount(points.count)} observations from ` +
    `${formatMoment(range.from, 'utc')} to ${formatMoment(range.to, 'utc')}. ` +
    'The table below lists the same observations.';
  return (
    <figure className="plot">
      <div className="plot-host" ref={host} role="img" aria-label={label} />
      {hovered !== undefined && plot.current !== undefined && (
        <PointTip
          id={hovered.id}
          x={hovered.x}
          y={hovered.y}
          over={plot.current.over}
          rows={props.rows}
        />
      )}
      {onGroup !== undefined && (
        <PlotLegend
          entries={legend}
          colour={points.colour}
          others={points.groups.length - legend.length}
          onEmphasis={setEmphasis}
          onChoose={onGroup}
        />
      )}
    </figure>
  );
}
