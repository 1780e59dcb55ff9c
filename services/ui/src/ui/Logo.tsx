/** The product's sign and name. */
import { strings } from "../strings";

export function Logo() {
  return (
    <span className="logo">
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" className="logo-tile" />
        <path d="M5 17h6l3-8 5 15 3-7h5" className="logo-line" />
      </svg>
      <span className="logo-name">{strings.product}</span>
    </span>
  );
}
