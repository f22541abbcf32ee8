import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the command line finds the token that makes it an administrator of this home. */
export const localTokenFile = (home: string): string => join(home, 'admin-token');
/** Where the command line finds the address of the running server. */
export const addressFile = (home: string): string => join(home, 'server.json');

/** `certificate`: SHA-256 of what it shows over TLS. */
const address = z.object({ pid: z.int().positive(), url: z.url(), certificate: z.string().optional() });
export type RunningServerAddress = z.infer<typeof address>;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The server that runs from this home: its process lives and is a Node process; undefined when there is none. */
export const readRunningServer = async (home: string): Promise<RunningServerAddress | undefined> => {
  const text = await readFile(addressFile(home), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = address.safeParse(value);
  if (!parsed.success || parsed.data.pid === process.pid || !isAlive(parsed.data.pid)) return undefined;
  // A number that was given to another program since says nothing; /proc tells them apart where it exists.
  const command = await readFile(`/proc/${parsed.data.pid}/comm`, 'utf8').catch(() => 'node');
  return /node|MainThread/.test(command) ? parsed.data : undefined;
};
