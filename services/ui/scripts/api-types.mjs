// Writes src/api/schema.d.ts from docs/openapi.json; with --check it only compares and fails when they differ.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../../docs/openapi.json", import.meta.url));
const target = fileURLToPath(new URL("../src/api/schema.d.ts", import.meta.url));
const command = fileURLToPath(new URL("../node_modules/openapi-typescript/bin/cli.js", import.meta.url));

function write(file) {
  execFileSync(process.execPath, [command, source, "-o", file], { stdio: ["ignore", "ignore", "inherit"] });
}

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "api-types-"));
  const fresh = join(folder, "schema.d.ts");
  write(fresh);
  const same = readFileSync(fresh, "utf8") === readFileSync(target, "utf8");
  rmSync(folder, { recursive: true });
  if (!same) {
    console.error("src/api/schema.d.ts is not what docs/openapi.json says: run npm run types");
    process.exit(1);
  }
} else {
  write(target);
}
