/** The time range: four fixed ones, or the zoom that one is in and the way back from it. */

import { RANGE_NAMES, type Range, type View } from "../features/performance/view";
import { formatWhen } from "../format";
import { strings } from "../strings";
import { Icon } from "../ui/Icon";

const words = strings.bar;

export interface RangeProps {
  view: View;
  now_s: number;
  onRange(range: Range): void;
  onBack(): void;
}

export function RangeControl({ view, now_s, onRange, onBack }: RangeProps) {
  return (
    <div className="range-control">
      {view.zoom && (
        <button
          type="button"
          className="button zoom-chip"
          title={words.zoomBack}
          aria-label={words.zoomBack}
          onClick={onBack}
        >
          <Icon name="back" size={16} />
          <span>{words.zoomed(formatWhen(view.zoom.from_s, now_s), formatWhen(view.zoom.to_s, now_s))}</span>
        </button>
      )}
      <div className="segments" role="group" aria-label={words.range}>
        {RANGE_NAMES.map((range) => (
          <button
            key={range}
            type="button"
            aria-pressed={view.zoom === null && view.range === range}
            title={words.rangeNames[range]}
            onClick={() => onRange(range)}
          >
            {words.ranges[range]}
          </button>
        ))}
      </div>
    </div>
  );
}
