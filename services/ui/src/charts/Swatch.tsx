/** A piece of line in a line's colour and dash, beside its name. */
export function Swatch({ colour, dashed }: { colour: string; dashed: boolean }) {
  return (
    <svg className="swatch" width="14" height="10" aria-hidden="true" focusable="false">
      <line
        x1="1"
        x2="13"
        y1="5"
        y2="5"
        stroke={colour}
        strokeWidth="2.5"
        strokeDasharray={dashed ? "4 2.5" : undefined}
      />
    </svg>
  );
}
