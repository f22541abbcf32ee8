// `npm test`: everything, from a clean clone on. `npm test -- unit` runs one suite; the last line counts all.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, ensureInstalled, requireNode, root, run } from './lib.mjs';

requireNode();
process.chdir(root);
await ensureInstalled();

const asked = process.argv.slice(2);
const hasBrowserTests =
  existsSync(join(root, 'e2e', 'vitest.config.ts')) &&
  readdirSync(join(root, 'e2e')).some((name) => name.endsWith('.spec.ts'));
const suites = [
  { name: 'unit', args: ['--project', 'unit'] },
  { name: 'real', args: ['--project', 'real'] },
  ...(hasBrowserTests ? [{ name: 'e2e', args: ['--config', 'e2e/vitest.config.ts'] }] : []),
].filter((suite) => asked.length === 0 || asked.includes(suite.name));

// The server that the tests of the pages and the lab start are bundles.
if (suites.some((suite) => suite.name !== 'unit')) {
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}

const folder = mkdtempSync(join(tmpdir(), 'qianhu-results-'));
let passed = 0;
let failed = 0;
const broken = [];
const secondTry = [];
for (const suite of suites) {
  console.log(`\n=== ${suite.name}`);
  const file = join(folder, `${suite.name}.json`);
  const { code } = await run(bin('vitest'), [
    'run',
    ...suite.args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    passed += result.numPassedTests;
    failed += result.numFailedTests;
    for (const test of result.testResults.flatMap((one) => one.assertionResults))
      if (test.status === 'passed' && test.failureMessages.length > 0)
        secondTry.push(`${test.fullName}: ${test.failureMessages[0].split('\n')[0]}`);
    // A file that could not be loaded has no tests to fail: it counts as one.
    const unloaded = result.testResults.filter(
      (one) => one.status === 'failed' && one.assertionResults.length === 0,
    ).length;
    failed += unloaded;
    if (code !== 0 && result.numFailedTests + unloaded === 0) broken.push(suite.name);
  } catch {
    broken.push(suite.name);
  }
}
rmSync(folder, { recursive: true, force: true });
if (suites.some((suite) => suite.name === 'real'))
  await run(bin('tsx'), [
    '--eval',
    `import('${join(root, 'packages/server/src/platform/testing/test-postgres.ts')}').then((m) => m.stopTestPostgres())`,
  ]);
failed += broken.length;
if (broken.length > 0) console.log(`\nSuites that ended badly without saying which test: ${broken.join(', ')}`);
if (secondTry.length > 0)
  console.log(
    `\nPassed only at the second try; each is a defect to look into:\n${secondTry.map((one) => `- ${one}`).join('\n')}`,
  );
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
