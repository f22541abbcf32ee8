import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { labClient, type LabReady } from '../../packages/lab/src/index.ts';
import { ensureChromium, isRoot, resolveHome, type Program } from '../../packages/parts/src/index.ts';

/** A Qianhu that was just started for the first time, demonstration and all, as a new user has it. */
export type House = {
  readonly url: string;
  readonly administrator: { readonly login: string; readonly password: string };
  /** The demonstration's agent for the visitor's browser. */
  readonly visitor: { readonly login: string; readonly password: string };
  readonly lab: LabReady;
  /** Where its programs are; another house may use them too. */
  readonly partsDir: string;
  readonly chromium: Pick<Program, 'command' | 'args' | 'env'>;
  /** A folder for files of the tests; removed with the house. */
  readonly folder: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    readonly house: House;
  }
}

/** Mobiles that begin so answer after a second and give this tone; others are whom the lab's population has. */
export const TONE_NUMBERS = { prefix: '139100', hz: 700 } as const;

const START_MS = 300_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts the house before all tests; what it returns ends it. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  await runToEnd(['scripts/build.mjs'], {});
  const { house, end } = await openHouse();
  project.provide('house', house);
  return end;
};

export type OpenHouse = {
  readonly house: House;
  /** What its programs are told by their environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it by the product's own command and removes its folder. */
  end(): Promise<void>;
};

/** Starts a house of its own. `address`: in *network* mode, reached from other machines there. `parts`: fetched already. */
export const openHouse = async ({
  address,
  parts = process.env['QIANHU_PARTS'],
}: {
  readonly address?: string;
  readonly parts?: string | undefined;
} = {}): Promise<OpenHouse> => {
  const home = await mkdtemp(join(tmpdir(), 'qianhu-e2e-'));
  const { partsDir } = resolveHome({
    home,
    parts,
    isRoot: isRoot(),
    cwd: root,
  });
  const port = await freePort(address);
  const environment: Readonly<Record<string, string>> = {
    PORT: String(port),
    QIANHU_HOME: home,
    QIANHU_PARTS: partsDir,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
    ...(address === undefined
      ? {}
      : { HOST: address, QIANHU_PUBLIC_ADDRESS: address, QIANHU_SIP_PORT: String(await freePort(address)) }),
  };
  const server = startServer(environment);
  const end = async (): Promise<void> => {
    await runToEnd(['scripts/qianhu.mjs', 'stop'], environment);
    await server.ended;
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [chromium] = await Promise.all([ensureChromium({ partsDir }), server.told('Ready.')]);
    const lab = JSON.parse(await readFile(join(home, 'lab', 'ready.json'), 'utf8')) as LabReady;
    await labClient(lab).setRules([
      {
        // As the demonstration's trunk dials: with the country code.
        prefix: `86${TONE_NUMBERS.prefix}`,
        character: { kind: 'tone', answerAfterMs: 1000, talkMs: 120_000, hz: TONE_NUMBERS.hz },
      },
    ]);
    const said = server.output();
    const house: House = {
      url: address === undefined ? `http://127.0.0.1:${port}` : `https://${address}:${port}`,
      administrator: { login: 'admin', password: matched(said, /Password \(shown once\): +(\S+)/) },
      visitor: { login: 'demo', password: matched(said, /as: +demo +password +(\S+)/) },
      lab,
      partsDir,
      chromium: { command: chromium.command, args: chromium.args, env: chromium.env },
      folder: home,
    };
    return { house, environment, end };
  } catch (error) {
    await end();
    throw new Error(`The house did not come up. It said:\n${server.output()}`, { cause: error });
  }
};

type Server = {
  output(): string;
  /** Resolves when a line of its output is this; rejects when it ends before, or after five minutes. */
  told(line: string): Promise<void>;
  readonly ended: Promise<void>;
};

const startServer = (environment: Readonly<Record<string, string>>): Server => {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist', 'main.js')], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      hasEnded = true;
      resolve();
    }),
  );
  return {
    output: () => said,
    ended,
    told: async (line) => {
      const giveUpAt = performance.now() + START_MS;
      while (!said.split('\n').includes(line)) {
        if (hasEnded) throw new Error('The server ended.');
        if (performance.now() > giveUpAt) throw new Error('The server was not ready in time.');
        await sleep(50);
      }
    },
  };
};

/** Runs a program of ours to its end and gives what it printed. Rejects with its complaint when it fails. */
export const runToEnd = (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`${args.join(' ')} ended with ${code ?? 'a signal'}:\n${said}`)),
    );
  });

const matched = (text: string, pattern: RegExp): string => {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`The server did not print ${String(pattern)}.`);
  return found;
};

const freePort = (address = '127.0.0.1'): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('No port.')),
      );
    });
  });
