import { spawn } from 'node:child_process';
import { PartsError, abortedError, refuseWhenAborted, systemErrorCode } from '../parts-error.ts';
import type { RunAs } from '../service-account.ts';

/** How one short-lived command is run. */
export type CommandOptions = {
  /** Replaces the whole environment when given; otherwise the child inherits ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly runAs?: RunAs | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each full line written to descriptor 3 (apt's status stream). Descriptor 3 is closed when absent. */
  readonly onStatusLine?: (line: string) => void;
  /** Written to standard input, which is closed afterwards. */
  readonly input?: string;
  /** Kill the command after so long; no limit when absent. */
  readonly timeoutMs?: number;
};

/** What a finished command left behind. Output is kept to its last 256 KiB. */
export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

const KEEP_CHARS = 256 * 1024;

/**
 * Runs a command to its end and returns its exit code and output; a command ended by a signal has code 128 + 15.
 * Throws `PartsError` `toolFailed` when it cannot be started at all and `aborted` when `signal` fires.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  refuseWhenAborted(options.signal);
  return await new Promise<CommandResult>((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe', options.onStatusLine === undefined ? 'ignore' : 'pipe'],
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.runAs === undefined ? {} : { uid: options.runAs.uid, gid: options.runAs.gid }),
    });
    let stdout = '';
    let stderr = '';
    let aborted = false;
    const onAbort = (): void => {
      aborted = true;
      child.kill('SIGTERM');
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const finish = (): void => {
      options.signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout = (stdout + chunk).slice(-KEEP_CHARS)));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-KEEP_CHARS)));
    const status = child.stdio[3];
    if (options.onStatusLine !== undefined && status !== null && status !== undefined && 'on' in status) {
      let rest = '';
      const { onStatusLine } = options;
      status.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onStatusLine(line);
      });
    }
    // A command that does not read its input closes the pipe early; its exit code says what happened.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    child.on('error', (error) => {
      finish();
      reject(
        new PartsError({
          code: 'toolFailed',
          what:
            systemErrorCode(error) === 'ENOENT'
              ? `The program ${command} does not exist`
              : `The program ${command} could not be started: ${error.message}`,
          mend: 'Install the program, or let the account that runs this use it.',
          cause: error,
        }),
      );
    });
    child.on('close', (code) => {
      finish();
      if (aborted) reject(abortedError());
      else resolve({ code: code ?? 143, stdout, stderr });
    });
  });
}

/** Whether a program of this name answers in PATH or at this path; its absolute path, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const found = await runCommand('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', name]);
  const path = found.stdout.trim();
  return found.code === 0 && path.startsWith('/') ? path : undefined;
}
