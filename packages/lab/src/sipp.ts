import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The far ends of `packages/lab/sipp`; each file's comment says what it does. */
export const SIPP_SCENARIOS = [
  'uas-answer-and-hold',
  'uas-answer-and-leave',
  'uas-late-answer',
  'uas-180-after-183',
  'uas-183-without-sdp',
  'uas-reinvite-hold',
  'uas-session-timer',
] as const;
export type SippScenario = (typeof SIPP_SCENARIOS)[number];

export type SippOptions = {
  /** How to run sipp (`ensureSipp` of parts). */
  readonly program: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  readonly scenario: SippScenario;
  /** UDP port on loopback. */
  readonly port: number;
  /** Folder for its logs and figures. */
  readonly dir: string;
  /** The scenario's pause (mostly: from ringing to the answer). Default 500 ms. */
  readonly pauseMs?: number;
  /** Ends by itself after so many calls; default: when stopped. */
  readonly calls?: number;
  /** RTP ports. Two sipps on one machine need ranges of their own. */
  readonly rtp: { readonly first: number; readonly last: number };
  /** Folder of the scenarios; default: this package's. */
  readonly scenarioDir?: string;
};

export type SippResult = {
  /** 0: every call went as the scenario says; 1: some did not; 97: ended by a command; 99: no calls. */
  readonly exitCode: number;
  readonly successful: number;
  readonly failed: number;
  /** What went wrong, in sipp's words (end of its error log); empty when nothing did. */
  readonly errors: string;
};

export type RunningSipp = {
  readonly pid: number;
  /** Resolves when it has ended, however. */
  readonly done: Promise<SippResult>;
  /** No more new calls; ends when those under way are over, or is killed after `waitMs` (default 5 s). */
  stop(waitMs?: number): Promise<SippResult>;
};

const ownScenarios = join(dirname(fileURLToPath(import.meta.url)), '..', 'sipp');

/** Starts a far end of load tests and odd signalling. Rejects when sipp cannot be started. */
export const runSipp = async (options: SippOptions): Promise<RunningSipp> => {
  const { program, scenario, dir } = options;
  const scenarioDir = options.scenarioDir ?? ownScenarios;
  await mkdir(dir, { recursive: true });
  const stats = join(dir, `${scenario}-${options.port}.csv`);
  const errors = join(dir, `${scenario}-${options.port}.errors`);
  const args = [
    ...program.args,
    ...['-sf', join(scenarioDir, `${scenario}.xml`)],
    ...['-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', String(options.port), '-t', 'u1'],
    ...['-min_rtp_port', String(options.rtp.first), '-max_rtp_port', String(options.rtp.last)],
    ...[
      '-d',
      String(options.pauseMs ?? 500),
      '-recv_timeout',
      '3600000',
      '-nostdin',
      '-default_behaviors',
      'all,-abortunexp',
    ],
    ...['-trace_stat', '-stf', stats, '-fd', '1', '-trace_err', '-error_file', errors],
    ...(options.calls === undefined ? [] : ['-m', String(options.calls)]),
  ];
  // sipp opens the tone beside its working folder; it draws its screen on standard output, which nobody reads.
  const child = spawn(program.command, args, {
    cwd: scenarioDir,
    env: { TERM: 'dumb', ...program.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-2000);
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const done = new Promise<SippResult>((resolve) => {
    child.once('close', (code) => {
      void readResult(stats, errors).then((result) =>
        resolve({
          ...result,
          exitCode: code ?? -1,
          errors: result.errors || (code === 255 || code === 254 ? complaint : ''),
        }),
      );
    });
  });
  return {
    pid: child.pid ?? 0,
    done,
    stop: async (waitMs = 5000) => {
      // SIGUSR1 is sipp's "q": finish what is under way.
      child.kill('SIGUSR1');
      const kill = setTimeout(() => child.kill('SIGKILL'), waitMs);
      try {
        return await done;
      } finally {
        clearTimeout(kill);
      }
    },
  };
};

const readResult = async (stats: string, errors: string): Promise<Omit<SippResult, 'exitCode'>> => {
  const [table, text] = await Promise.all([stats, errors].map((path) => readFile(path, 'utf8').catch(() => '')));
  const lines = (table ?? '').trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const last = lines.length > 1 ? (lines.at(-1)?.split(';') ?? []) : [];
  const figure = (name: string): number => Number(last[names.indexOf(name)] ?? 0) || 0;
  return {
    successful: figure('SuccessfulCall(C)'),
    failed: figure('FailedCall(C)'),
    errors: (text ?? '').slice(-2000),
  };
};
