/** The five marks of state: each has a shape of its own, so that colour is never the only difference. */
export type MarkKind = "critical" | "warning" | "info" | "ok" | "unknown";

export function Mark({ kind, size = 16 }: { kind: MarkKind; size?: number }) {
  return (
    <svg
      className={`mark mark-${kind}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[kind]}
    </svg>
  );
}

const SHAPES: Record<MarkKind, React.ReactNode> = {
  critical: (
    <>
      <path className="mark-fill" d="M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z" />
      <path className="mark-cut" d="M8 4.2v4.6M8 11.4v.2" />
    </>
  ),
  warning: (
    <>
      <path className="mark-line" d="M8 1.8L15 14H1z" />
      <path className="mark-line" d="M8 6.4v3.4M8 11.8v.1" />
    </>
  ),
  info: (
    <>
      <circle className="mark-line" cx="8" cy="8" r="6.5" />
      <path className="mark-line" d="M8 7.4v3.8M8 4.8v.1" />
    </>
  ),
  ok: <path className="mark-line" d="M2.5 8.8l3.6 3.6 7.4-8" />,
  unknown: <circle className="mark-line mark-dashed" cx="8" cy="8" r="6" />,
};
