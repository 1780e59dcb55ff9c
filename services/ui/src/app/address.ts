/** The query of an address as plain names and texts (`?host=a&host=b`), instead of the router's JSON. Pure. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else found[name] = [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

/** The other way round: texts and lists of texts; what is undefined is left out. */
export function writeQuery(values: Record<string, unknown>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") pairs.append(name, String(one));
    }
  }
  const text = pairs.toString().replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

/** Where to go after signing in: a path of this site, or the first page. Never another site. */
export function safeNext(next: unknown): string {
  const first = "/performance-monitoring";
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next) || next.startsWith("/sign-in")) return first;
  return next;
}
