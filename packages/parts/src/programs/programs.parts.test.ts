import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../process/run-command.ts';
import type { CommandResult } from '../process/run-command.ts';
import { serviceEnvironment } from '../process/detached-process.ts';
import { makeScratch, testPartsDir } from '../testing/scratch.ts';
import { ensureChromium } from './chromium.ts';
import { ensureEspeak } from './espeak.ts';
import type { Program } from './program.ts';
import { ensureSipp, findSipp } from './sipp.ts';

let scratch: Awaited<ReturnType<typeof makeScratch>>;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => await scratch.remove());

async function run(program: Program, args: readonly string[]): Promise<CommandResult> {
  return await runCommand(program.command, [...program.args, ...args], {
    env: serviceEnvironment(program.env, scratch.dir),
    cwd: scratch.dir,
  });
}

describe('sipp', () => {
  it('runs from where it was found', async () => {
    const sipp = await ensureSipp({ partsDir: testPartsDir() });
    expect((await run(sipp, ['-v'])).stdout).toContain(`SIPp v${sipp.version}`);
    expect(await findSipp({ partsDir: testPartsDir() })).toEqual(sipp);
  });
});

describe('espeak-ng', () => {
  it('speaks Chinese', async () => {
    const espeak = await ensureEspeak({ partsDir: testPartsDir() });
    const file = join(scratch.dir, 'x.wav');
    const spoken = await run(espeak, ['-v', 'cmn', '-w', file, '欢迎致电']);
    expect(spoken.stderr).toBe('');
    expect((await stat(file)).size).toBeGreaterThan(20_000);
  });
});

describe('Chromium', () => {
  it('runs scripts, and draws two Chinese letters differently (without a font both are the same empty box)', async () => {
    const chromium = await ensureChromium({ partsDir: testPartsDir() });
    const page = (letter: string): string =>
      `data:text/html;charset=utf-8,<body style="font:40px sans-serif">${encodeURIComponent(letter)}</body>`;
    const script = await run(chromium, [
      '--headless',
      '--disable-gpu',
      '--dump-dom',
      'data:text/html,<script>document.write(6*7)</script>',
    ]);
    expect(script.stdout).toContain('42');
    const drawings: Buffer[] = [];
    for (const letter of ['千', '呼']) {
      const file = join(scratch.dir, 'shot.png');
      await run(chromium, [
        '--headless',
        '--disable-gpu',
        '--window-size=200,100',
        `--screenshot=${file}`,
        page(letter),
      ]);
      drawings.push(await readFile(file));
    }
    expect(drawings[0]?.equals(drawings[1] ?? Buffer.alloc(0))).toBe(false);
  });
});
