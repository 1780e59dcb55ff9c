/** A small line without axes, for a card: its shape says whether something rises or falls, the number says how much. */
export interface SparklineProps {
  values: readonly (number | null)[];
  threshold?: number | null;
}

const WIDTH = 96;
const HEIGHT = 32;
const PAD = 2;

export function Sparkline({ values, threshold = null }: SparklineProps) {
  const geometry = sparkPath(values, threshold);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {geometry?.threshold_y != null && (
        <line className="spark-threshold" x1="0" x2={WIDTH} y1={geometry.threshold_y} y2={geometry.threshold_y} />
      )}
      {geometry && <path d={geometry.path} />}
    </svg>
  );
}

/** The path through the values, broken at gaps, and the height of the threshold where it lies in view. Pure. */
export function sparkPath(
  values: readonly (number | null)[],
  threshold: number | null,
): { path: string; threshold_y: number | null } | null {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value: number): number =>
    high === low ? HEIGHT / 2 : round(HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD));
  const x = (index: number): number =>
    round(values.length === 1 ? WIDTH / 2 : PAD + (index / (values.length - 1)) * (WIDTH - 2 * PAD));
  let path = "";
  let open = false;
  values.forEach((value, index) => {
    if (value === null) open = false;
    else {
      const alone = !open && (values[index + 1] ?? null) === null;
      path += `${open ? "L" : "M"}${x(index)} ${y(value)}${alone ? "h0.01" : ""}`;
      open = true;
    }
  });
  const inView = threshold !== null && threshold >= low && threshold <= high;
  return { path, threshold_y: inView ? y(threshold) : null };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
