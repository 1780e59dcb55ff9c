/** The pages' own small set of drawings. They inherit the colour of the text and are never the only sign of a meaning. */
const PATHS = {
  pulse: "M2 9h3l2-5 4 9 2-4h3",
  pause: "M6 4v10M12 4v10",
  play: "M6 3.5v11l8-5.5z",
  chevron: "M5 7l4 4 4-4",
  check: "M4 9.5l3.5 3.5L14 6",
  close: "M5 5l8 8M13 5l-8 8",
  table: "M3 4h12v10H3zM3 8h12M8 4v10",
  line: "M3 13l4-5 3 3 5-7",
  sun: "M9 6a3 3 0 100 6 3 3 0 000-6zM9 1.5V3M9 15v1.5M1.5 9H3M15 9h1.5M3.7 3.7l1 1M13.3 13.3l1 1M14.3 3.7l-1 1M4.7 13.3l-1 1",
  moon: "M14.5 10.8A6 6 0 117.2 3.5a5 5 0 007.3 7.3z",
  system: "M2.5 3.5h13v9h-13zM6.5 15.5h5M9 12.5v3",
  user: "M9 9a3 3 0 100-6 3 3 0 000 6zM3.5 15.5a5.5 5.5 0 0111 0",
  host: "M3 3.5h12v4.5H3zM3 10h12v4.5H3zM5.5 5.75h.01M5.5 12.25h.01",
  back: "M7 5L3 9l4 4M3 9h12",
  eye: "M1.5 9S4.5 4 9 4s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM9 7a2 2 0 100 4 2 2 0 000-4z",
  copy: "M6 6h9v9H6zM12 6V3H3v9h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 18 18" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
