import {useRef} from 'react';
import {usePreferences} from './preferences.ts';
import {TimePlot, type TimePlotEvents, type TimePlotView} from './time-plot.ts';
import {usePlot} from './use-plot.ts';

interface Props extends Omit<TimePlotView, 'zone'>, TimePlotEvents {
  /** What it shows, in words. */
  readonly label: string;
  /** CSS pixels. */
  readonly height: number;
  /** Plots of the same key have one cursor. */
  readonly sync?: string;
}

/** A plot against time that its view paints. */
export function TimePlotFigure(props: Props) {
  const {label, height, sync, range, top, ticks, tickText, paint} = props;
  const events = useRef(props);
  events.current = props;
  const {zone} = usePreferences();
  const view: TimePlotView = {range, zone, top, ticks, tickText, paint};
  const told: TimePlotEvents = {
    onZoom: (to) => events.current.onZoom(to),
    onReset: () => events.current.onReset(),
    onPick: (time, value) => events.current.onPick?.(time, value),
  };
  const {host} = usePlot(view, (element, first) => new TimePlot(element, first, told, sync), sync);
  return (
    <div className="plot-host free" ref={host} role="img" aria-label={label} style={{height}} />
  );
}
