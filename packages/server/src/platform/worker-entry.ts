import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Where a worker thread's code is: `NAME.js` beside this bundle (scripts/build.mjs makes it an entry of its own), or
 * `source` when run from source. A thread does not inherit the TypeScript loader, so there it is registered first.
 */
export const workerEntry = (name: string, source: URL): URL => {
  const built = new URL(`./${name}.js`, import.meta.url);
  if (existsSync(fileURLToPath(built))) return built;
  // `require.resolve` gives the CommonJS side, whose `register` is for the thread that it was loaded in.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const code = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(source.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
};
