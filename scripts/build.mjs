// Builds what runs: bundles of server, command line, workers and lab into dist/, the pages into packages/web/dist.
// Each half is built only when its sources changed; `--force` builds both.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bin, die, digestOf, ensureInstalled, requireNode, root, run } from './lib.mjs';

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const dist = join(root, 'dist');

const programs = {
  main: 'packages/server/src/main.ts',
  cli: 'packages/server/src/cli/main.ts',
  'import-worker': 'packages/server/src/features/imports/import-worker.ts',
  'forecast-worker': 'packages/server/src/features/forecast/forecast-worker.ts',
  lab: 'packages/lab/src/main.ts',
};

/** Our own packages are bundled from source; everything installed stays outside and is loaded from node_modules. */
const installedStaysOutside = {
  name: 'installed-stays-outside',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@qianhu/') ? undefined : { path, external: true },
    );
  },
};

const buildPrograms = async () => {
  const { build, stop } = await import('esbuild');
  rmSync(dist, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(programs).filter(([, source]) => existsSync(join(root, source)))),
    outdir: dist,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [installedStaysOutside],
  });
  // Its service would live as long as the server that is started next.
  await stop();
};

const buildPages = async () => {
  const { code, output } = await run(bin('vite'), ['build', '--logLevel', 'warn'], {
    cwd: join(root, 'packages', 'web'),
    // Asked for by a test runner too, the pages are those that people get.
    env: { ...process.env, NODE_ENV: 'production' },
    capture: true,
  });
  if (code !== 0) die(`The pages could not be built:\n${output}`);
};

const halves = [
  {
    name: 'programs',
    stamp: join(dist, '.sources'),
    digest: () =>
      digestOf(
        ['core', 'contracts', 'parts', 'switch', 'server', 'lab'].map((name) => `packages/${name}/src`),
        ['package-lock.json', 'scripts/build.mjs'],
      ),
    build: buildPrograms,
  },
  {
    name: 'pages',
    stamp: join(root, 'packages', 'web', 'dist', '.sources'),
    digest: () =>
      digestOf(
        ['packages/core/src', 'packages/contracts/src', 'packages/web/src', 'packages/web/public'],
        ['packages/web/index.html', 'packages/web/vite.config.ts', 'package-lock.json'],
      ),
    build: buildPages,
  },
];

/** Builds what changed. */
export const buildAll = async ({ force = false, only } = {}) => {
  for (const half of halves) {
    if (only !== undefined && half.name !== only) continue;
    const digest = half.digest();
    if (!force && read(half.stamp) === digest) continue;
    console.log(`Building the ${half.name} …`);
    await half.build();
    mkdirSync(join(half.stamp, '..'), { recursive: true });
    writeFileSync(half.stamp, digest);
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  requireNode();
  await ensureInstalled();
  await buildAll({ force: process.argv.includes('--force') });
}
