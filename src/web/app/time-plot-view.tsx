import {useEffect, useRef} from 'react';
import {useDark, usePreferences} from './preferences.ts';
import {TimePlot, type TimePlotEvents, type TimePlotView} from './time-plot.ts';

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
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<TimePlot>(undefined);
  const events = useRef(props);
  events.current = props;
  const {zone} = usePreferences();
  const dark = useDark();
  const view: TimePlotView = {range, zone, top, ticks, tickText, paint};
  const latest = useRef(view);
  latest.current = view;

  useEffect(() => {
    if (host.current === null) return;
    const made = new TimePlot(
      host.current,
      latest.current,
      {
        onZoom: (to) => events.current.onZoom(to),
        onReset: () => events.current.onReset(),
        onPick: (time, value) => events.current.onPick?.(time, value),
      },
      sync,
    );
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.destroy();
    };
  }, [sync]);
  useEffect(() => {
    plot.current?.show(latest.current);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read when painting.
  useEffect(() => {
    plot.current?.repaint();
  }, [dark]);
  return (
    <div className="plot-host free" ref={host} role="img" aria-label={label} style={{height}} />
  );
}
