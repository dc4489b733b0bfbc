interface Props {
  readonly values: readonly number[];
  /** What it shows, in words. */
  readonly label: string;
}

const WIDTH = 300;
const HEIGHT = 40;
const PLACES = 150;

/** The latest values as a line; the right end is now. */
export function Sparkline({values, label}: Props) {
  const most = Math.max(1e-9, ...values);
  const first = PLACES - values.length;
  const points = values
    .map((value, i) => {
      const x = ((first + i) / (PLACES - 1)) * WIDTH;
      return `${x.toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
    })
    .join(' ');
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polyline points={points} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
