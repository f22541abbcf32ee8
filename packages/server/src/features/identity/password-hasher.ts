import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Hashes and checks passwords. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** Takes the time of a real check and is always false: an unknown login answers no faster than a wrong password. */
  pretend(password: string): Promise<false>;
}

/** The library's default is Argon2id. 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet, 2024). */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes at once at most; each takes 19 MiB and a core, and a flood of log-ins must not starve the calls. */
const MOST_AT_ONCE = 2;

export const createPasswordHasher = (): PasswordHasher => {
  let running = 0;
  const waiting: (() => void)[] = [];
  const limited = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => limited(() => hash(password, OPTIONS)),
    verify: (stored, password) => limited(() => verify(stored, password).catch(() => false)),
    pretend: async (password) => {
      decoy ??= limited(() => hash(randomBytes(16).toString('hex'), OPTIONS));
      const stored = await decoy;
      await limited(() => verify(stored, password));
      return false;
    },
  };
};
