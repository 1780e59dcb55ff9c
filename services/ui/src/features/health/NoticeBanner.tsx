/** The banner: there only while something is wrong, and polite to screen readers. */
import { Mark } from "../../ui/Mark";
import type { Notice } from "./notices";

const SHOWN_MAX = 3;

export function NoticeBanner({ notices }: { notices: readonly Notice[] }) {
  return (
    <div className="notices" role="status">
      {notices.slice(0, SHOWN_MAX).map((notice) => (
        <p key={notice.key} className={`notice notice-${notice.kind}`}>
          <Mark kind={notice.kind} />
          <span>{notice.text}</span>
        </p>
      ))}
    </div>
  );
}
