// Builds ../assets from src: page.js and page.css of a study, published.js of published tables, the licenses of what is bundled, and the digests of what they were built from.
// `npm ci --ignore-scripts && npm run build`; the same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "assets");

// Plot writes a style element into every drawing, which the page's policy forbids; src/page.css holds the same rules.
const withoutStyleElements = {
  name: "without-style-elements",
  setup(build) {
    build.onLoad({ filter: /@observablehq[\\/]plot[\\/]src[\\/]plot\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const changed = text.replace(/\.call\(\(svg\) =>\s*\/\/ Warning[^\n]*\n\s*svg\.append\("style"\)\.text\(\s*`[^`]*`\s*\)\s*\)/, "");
      if (changed === text || changed.includes('append("style")')) throw new Error("plot.js is not as it was: see build.mjs");
      return { contents: changed, loader: "js" };
    });
  },
};

const result = await esbuild.build({
  entryPoints: { page: join(here, "src", "main.js"), published: join(here, "src", "published.js") },
  outdir: assets,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: ["es2022"],
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  plugins: [withoutStyleElements],
});

const folders = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = input.match(/node_modules\/(@[^/]+\/[^/]+|[^/]+)\//);
  if (found) folders.add(found[1]);
}
const licenses = [...folders].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
  return `${name} ${version}\n\n${text}\n`;
});
mkdirSync(assets, { recursive: true });
writeFileSync(join(assets, "LICENSES.txt"), "What page.js, page.css and published.js hold besides this project's own code.\n\n" + licenses.join(`\n${"-".repeat(80)}\n\n`));

const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const sources = ["build.mjs", "package.json", "package-lock.json", ...readdirSync(join(here, "src")).sort().map((name) => `src/${name}`)];
const built = { sources: {}, assets: {} };
for (const name of sources) built.sources[name] = digest(join(here, name));
for (const name of ["page.js", "page.css", "published.js", "LICENSES.txt"]) built.assets[name] = digest(join(assets, name));
writeFileSync(join(assets, "built.json"), JSON.stringify(built, null, 1) + "\n");
