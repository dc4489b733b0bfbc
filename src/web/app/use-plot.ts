import {type RefObject, useEffect, useRef} from 'react';
import {useDark} from './preferences.ts';

interface Plot<View> {
  show(view: View): void;
  repaint(): void;
  destroy(): void;
}

/**
 * A plot in an element of the page: made once, shown again with each drawing of the page, painted
 * again with another theme.
 *
 * @param key another one makes another plot
 */
export function usePlot<View, Made extends Plot<View>>(
  view: View,
  make: (host: HTMLElement, view: View) => Made,
  key: string | undefined,
): {readonly host: RefObject<HTMLDivElement | null>; readonly plot: RefObject<Made | undefined>} {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Made>(undefined);
  const latest = useRef({view, make});
  latest.current = {view, make};
  const dark = useDark();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what it is made of.
  useEffect(() => {
    if (host.current === null) return;
    const made = latest.current.make(host.current, latest.current.view);
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.destroy();
    };
  }, [key]);

  useEffect(() => {
    plot.current?.show(latest.current.view);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read when painting.
  useEffect(() => {
    plot.current?.repaint();
  }, [dark]);
  return {host, plot};
}
