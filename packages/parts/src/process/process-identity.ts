import { readFile, readdir } from 'node:fs/promises';

/** A process named so that a later process with the same number is not taken for it. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat (proc(5)): clock ticks from boot to the start of the process. */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id: ticks mean something only within one boot. */
  readonly bootId: string;
};

/** Reads state and start time from the text of /proc/PID/stat. The name in brackets may itself hold spaces and brackets. */
export function parseProcStat(
  text: string,
): { readonly state: string; readonly parentPid: number; readonly startTicks: number } | undefined {
  const close = text.lastIndexOf(')');
  if (close < 0) return undefined;
  const fields = text
    .slice(close + 2)
    .trim()
    .split(/\s+/);
  const [state, parent] = fields;
  const start = fields[19];
  if (state === undefined || parent === undefined || start === undefined || !/^\d+$/.test(start)) return undefined;
  return { state, parentPid: Number(parent), startTicks: Number(start) };
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** The identity of a living process, or undefined when no such process lives (a zombie does not live). */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').then(parseProcStat, () => undefined);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, startTicks: stat.startTicks, bootId: await readBootId() };
}

/** Whether that very process still lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(identity.pid);
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** The text of a pid file: pid, start ticks and boot id on three lines. */
export function formatPidFile(identity: ProcessIdentity): string {
  return `${identity.pid}\n${identity.startTicks}\n${identity.bootId}\n`;
}

/** Reads what `formatPidFile` wrote; undefined for anything else, such as half a file. */
export function parsePidFile(text: string): ProcessIdentity | undefined {
  const [pid, startTicks, bootId, end] = text.split('\n');
  if (pid === undefined || startTicks === undefined || bootId === undefined || bootId === '' || end === undefined)
    return undefined;
  if (!/^[1-9]\d*$/.test(pid) || !/^\d+$/.test(startTicks)) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId };
}

/** The identity in a pid file when that process lives; undefined otherwise. */
export async function readLivingPidFile(pidFile: string): Promise<ProcessIdentity | undefined> {
  const identity = await readFile(pidFile, 'utf8').then(parsePidFile, () => undefined);
  return identity !== undefined && (await isAlive(identity)) ? identity : undefined;
}

/** The arguments of a living process, empty when it is gone or hidden. */
export async function readCommandLine(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').filter((part) => part !== '');
}

/**
 * Living processes whose arguments satisfy a test. For a service whose pid file was lost (a crash between start and write):
 * its own folder in its arguments tells it from every other.
 */
export async function findProcesses(test: (args: readonly string[]) => boolean): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    if (!test(await readCommandLine(Number(name)))) continue;
    const identity = await identifyProcess(Number(name));
    if (identity !== undefined) found.push(identity);
  }
  return found;
}
