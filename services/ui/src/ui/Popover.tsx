/**
 * A button that opens a panel under it. Escape closes it and gives the focus back; so does a click, or the focus
 * going, elsewhere. The content decides what is inside: a menu, a list of boxes to tick.
 */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export interface PopoverProps {
  /** What the panel is for; also the button's name unless `buttonLabel` says more. */
  label: string;
  /** The button's name where the button shows a text: it must contain that text. */
  buttonLabel?: string;
  className?: string;
  button: ReactNode;
  align?: "start" | "end";
  /** A key combination that a listener elsewhere turns into this event name on the window. */
  openEvent?: string;
  children: (close: () => void) => ReactNode;
}

export function Popover({
  label,
  buttonLabel = label,
  className = "",
  button,
  align = "start",
  openEvent,
  children,
}: PopoverProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const panelId = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    root.current?.querySelector<HTMLElement>("[data-autofocus], .popover-panel button, .popover-panel input")?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  useEffect(() => {
    if (!openEvent) return;
    const show = (): void => setOpen(true);
    window.addEventListener(openEvent, show);
    return () => window.removeEventListener(openEvent, show);
  }, [openEvent]);

  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears the Escape of what is inside
    <div
      ref={root}
      className="popover"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        ref={opener}
        type="button"
        className={className}
        aria-label={buttonLabel}
        title={label}
        aria-expanded={open}
        aria-controls={open ? panelId : undefined}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div id={panelId} className={`popover-panel popover-${align}`} role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
