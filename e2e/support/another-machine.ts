import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A network namespace, joined to this machine by one cable: what runs in it reaches us by `ourAddress` only. */
export type AnotherMachine = {
  /** Ours, as seen from there. */
  readonly ourAddress: string;
  /** Writes a script into the folder that runs the program there. */
  wrap(program: string, folder: string): Promise<string>;
  /** From now on nothing passes, and neither side is told. */
  pullCable(): Promise<void>;
  remove(): Promise<void>;
};

const run = promisify(execFile);
const ip = (...args: readonly string[]): Promise<unknown> => run('ip', [...args]);

/** Why no such machine can be had here; undefined when it can. */
export const whyNoOtherMachine = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  const name = `qh-try-${process.pid}`;
  try {
    await ip('netns', 'add', name);
    await ip('netns', 'delete', name);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
};

/** Makes one. Throws where `whyNoOtherMachine` has a reason. */
export const addMachine = async (): Promise<AnotherMachine> => {
  const name = `qh-${process.pid}`;
  const [ours, theirs] = [`qha${process.pid}`, `qhb${process.pid}`];
  const net = freeNet();
  const remove = async (): Promise<void> => {
    await ip('netns', 'delete', name).catch(() => undefined);
    await ip('link', 'delete', ours).catch(() => undefined);
  };
  const inside = (...args: readonly string[]): Promise<unknown> => ip('-n', name, ...args);
  try {
    await ip('netns', 'add', name);
    await ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name);
    await ip('addr', 'add', `${net}.1/30`, 'dev', ours);
    await ip('link', 'set', ours, 'up');
    await inside('addr', 'add', `${net}.2/30`, 'dev', theirs);
    await inside('link', 'set', theirs, 'up');
    await inside('link', 'set', 'lo', 'up');
    await inside('route', 'add', 'default', 'via', `${net}.1`);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    ourAddress: `${net}.1`,
    wrap: async (program, folder) => {
      const file = join(folder, 'on-another-machine');
      await writeFile(file, `#!/bin/sh\nexec ip netns exec ${name} '${program}' "$@"\n`);
      await chmod(file, 0o755);
      return file;
    },
    pullCable: async () => void (await ip('link', 'set', ours, 'down')),
    remove,
  };
};

/** The first three numbers of a small private network that this machine has no address of. */
const freeNet = (): string => {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address.split('.').slice(0, 3).join('.')),
    ),
  );
  for (let third = 0; third < 256; third++) {
    const net = `10.213.${third}`;
    if (!taken.has(net)) return net;
  }
  throw new Error('All of 10.213.0.0/16 is taken.');
};
