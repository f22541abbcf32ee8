import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** Where a Node process spent its time: share of the busy time by package, ours by function. */
export const readProfile = async (
  folder: string,
): Promise<{ readonly busyShare: number; readonly byPart: readonly (readonly [string, number])[] } | undefined> => {
  const file = (await readdir(folder).catch(() => [])).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) return undefined;
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const parts = new Map<string, number>();
  let all = 0;
  let idle = 0;
  for (const [i, id] of profile.samples.entries()) {
    const frame = nodes.get(id);
    const us = profile.timeDeltas[i] ?? 0;
    if (frame === undefined) continue;
    all += us;
    if (frame.functionName === '(idle)') {
      idle += us;
      continue;
    }
    const part = partOf(frame.functionName, frame.url);
    parts.set(part, (parts.get(part) ?? 0) + us);
  }
  const busy = all - idle;
  return {
    busyShare: all === 0 ? 0 : busy / all,
    byPart: [...parts].map(([part, us]) => [part, us / (busy || 1)] as const).toSorted((a, b) => b[1] - a[1]),
  };
};

const partOf = (name: string, url: string): string => {
  if (name.startsWith('(')) return name;
  const installed = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!\.cache)/.exec(url)?.[1];
  if (installed !== undefined && installed !== '.cache' && !url.includes('/.cache/')) return installed;
  if (url.startsWith('node:'))
    return url.split('/')[0] === 'node:internal' ? 'node:internal' : (url.split('/')[0] ?? url);
  return url === '' ? 'native' : 'ours';
};
