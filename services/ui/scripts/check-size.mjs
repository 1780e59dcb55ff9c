// Prints what the first load of the dashboard costs and fails above the budget of 150 KB of gzipped script.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150 * 1024;
const DIST = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));

/** Every chunk that the first load fetches: the entry, the dashboard's page, and what these import. */
function chunksOfFirstLoad() {
  const wanted = Object.keys(manifest).filter((key) => manifest[key].isEntry || key.endsWith("/PerformancePage.tsx"));
  const seen = new Set();
  while (wanted.length > 0) {
    const key = wanted.pop();
    if (seen.has(key)) continue;
    seen.add(key);
    wanted.push(...(manifest[key].imports ?? []));
  }
  return [...seen].map((key) => manifest[key].file).filter((file) => file.endsWith(".js"));
}

let total = 0;
for (const file of [...new Set(chunksOfFirstLoad()), "theme.js"]) {
  const size = gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length;
  total += size;
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KB gzipped  ${file}`);
}
console.log(
  `${(total / 1024).toFixed(1).padStart(7)} KB gzipped script on the first load; the budget is ${BUDGET_BYTES / 1024} KB`,
);
if (total > BUDGET_BYTES) {
  console.error("The first load is above its budget.");
  process.exit(1);
}
