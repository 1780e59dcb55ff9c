/** The keys of the page, behind `?`. */
import { strings } from "../strings";
import { Dialog } from "../ui/Dialog";

const words = strings.help;
type Line = readonly [keys: readonly (readonly string[])[], text: string];

const GROUPS: readonly { title: string; lines: readonly Line[] }[] = [
  {
    title: words.groups.page,
    lines: [
      [[["L"], ["Space"]], words.keys.pause],
      [[["1"], ["2"], ["3"], ["4"]], words.keys.ranges],
      [[["H"]], words.keys.hosts],
      [[["Z"]], words.keys.back],
    ],
  },
  {
    title: words.groups.chart,
    lines: [
      [[["←"], ["→"]], words.keys.crosshair],
      [[["+"]], words.keys.zoomIn],
      [[["T"]], words.keys.table],
    ],
  },
  {
    title: words.groups.everywhere,
    lines: [
      [[["G", "P"]], words.keys.performance],
      [[["?"]], words.keys.help],
    ],
  },
];

export function HelpDialog({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={words.title} onClose={onClose}>
      <div className="help-groups">
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.lines.map(([keys, text]) => (
                <div key={text} className="help-line">
                  <dt>{text}</dt>
                  <dd>
                    {keys.map((chord) => (
                      <span key={chord.join(" ")}>
                        {chord.map((key) => (
                          <kbd key={key}>{key}</kbd>
                        ))}
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
