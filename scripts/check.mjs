// `npm run check`: types, lint, format, walls, unused code; two at a time, and only what failed is shown.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bin, ensureInstalled, requireNode, root, run } from './lib.mjs';

requireNode();
await ensureInstalled();

const projects = ['core', 'contracts', 'parts', 'switch', 'server', 'lab', 'web'].map(
  (name) => `packages/${name}/tsconfig.json`,
);
projects.push('packages/core/tsconfig.test.json');
if (existsSync(join(root, 'e2e')) && readdirSync(join(root, 'e2e')).some((name) => name.endsWith('.ts')))
  projects.push('e2e/tsconfig.json');

const checks = [
  {
    name: 'lint',
    command: bin('eslint'),
    args: [
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint/',
      'packages',
      'e2e',
      '--no-error-on-unmatched-pattern',
    ],
  },
  ...projects.map((project) => ({ name: `types ${project}`, command: bin('tsc'), args: ['-p', project] })),
  {
    name: 'format',
    command: bin('prettier'),
    args: [
      '--check',
      '--log-level',
      'warn',
      'packages/*/{src,bench,chaos,dev}/**/*.{ts,tsx}',
      'e2e/**/*.ts',
      'scripts/*.mjs',
    ],
  },
  {
    name: 'walls',
    command: bin('depcruise'),
    args: ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages'],
  },
  { name: 'unused code', command: bin('knip'), args: ['--no-progress'] },
].filter((check) => process.argv.length < 3 || process.argv.slice(2).some((word) => check.name.includes(word)));

const failed = [];
const queue = [...checks];
const worker = async () => {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const begin = performance.now();
    const { code, output } = await run(check.command, check.args, { capture: true });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
    if (code !== 0) failed.push({ ...check, output });
  }
};
await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, worker));

for (const { name, output } of failed) console.log(`\n--- ${name}\n${output.trimEnd()}`);
console.log(
  failed.length === 0
    ? '\nAll checks passed.'
    : `\n${failed.length} of ${checks.length} checks failed: ${failed.map((f) => f.name).join(', ')}`,
);
process.exit(failed.length === 0 ? 0 : 1);
