import type { RecordedCall, RecordLine } from './call-record.ts';
import type { LabStats } from './control-server.ts';
import type { LabReady } from './lab-config.ts';
import type { Population } from './population.ts';
import type { PopulationPatch, RuleInput } from './rules.ts';

/** The lab's control as functions. Each rejects with the lab's own words when it refuses. */
export type LabClient = {
  health(): Promise<{ readonly state: string; readonly open: number; readonly paused: boolean }>;
  stats(): Promise<LabStats>;
  /** All calls, or those to one number. */
  calls(number?: string): Promise<readonly RecordedCall[]>;
  record(after?: number): Promise<readonly RecordLine[]>;
  setRules(rules: readonly RuleInput[]): Promise<void>;
  setPopulation(patch: PopulationPatch): Promise<Population>;
  setPaused(paused: boolean): Promise<void>;
  hangUp(which: { readonly number?: string; readonly id?: string; readonly all?: true }): Promise<number>;
  press(id: string, digits: string): Promise<void>;
  /** Records what a callee hears for `ms` (at most 9 s here). @returns path of a WAV file, 8 kHz, 16 bit, mono. */
  listen(id: string, ms: number): Promise<string>;
};

export const labClient = ({ controlUrl, token }: Pick<LabReady, 'controlUrl' | 'token'>): LabClient => {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const answer = (await response.json()) as unknown;
    if (!response.ok) throw new Error(`The lab refused ${method} ${path}: ${JSON.stringify(answer)}`);
    // Both sides are of one version and one repository.
    return answer as T;
  };
  return {
    health: () => ask('GET', '/health'),
    stats: () => ask('GET', '/stats'),
    calls: async (number) =>
      (
        await ask<{ calls: readonly RecordedCall[] }>(
          'GET',
          number === undefined ? '/calls' : `/calls?number=${encodeURIComponent(number)}`,
        )
      ).calls,
    record: async (after = 0) =>
      (await ask<{ lines: readonly RecordLine[] }>('GET', `/record?after=${after}&limit=100000`)).lines,
    setRules: (rules) => ask('PUT', '/rules', rules),
    setPopulation: (patch) => ask('PUT', '/population', patch),
    setPaused: (paused) => ask('PUT', '/answering', { paused }),
    hangUp: async (which) => (await ask<{ hungUp: number }>('POST', '/hang-up', which)).hungUp,
    listen: async (id, ms) => (await ask<{ path: string }>('POST', '/listen', { id, ms })).path,
    press: (id, digits) => ask('POST', '/press', { id, digits }),
  };
};
