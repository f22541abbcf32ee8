import type { Pacer } from '../../dialing/pacer.ts';
import { countAgents, loopPacer, meanOr, pushBounded } from './shared.ts';

/** VICIdial's adaptive dial methods. */
export type VicidialMethod = 'HARD_LIMIT' | 'AVERAGE' | 'TAPERED';

type Memory = {
  level: number;
  /** Samples of (ready − waiting) and of all agents, one a second, the last 15. */
  readonly diffs: number[];
  readonly totals: number[];
  sampledMs: number;
  levelMs: number;
  dialedMs: number;
  dropPercentMs: number;
  dropPercent: number;
  day: number;
  drops: number;
  answers: number;
  calls: number;
  /** Times of dials and drops of the last minute. */
  readonly recentDials: number[];
  readonly recentDrops: number[];
};

/**
 * VICIdial 2.14, `bin/AST_VDadapt.pl` (L2483, L2655, L3906, L6795–7058) and `bin/AST_VDauto_dial.pl` (L200, L5146), read at
 * BezaluLLC/ViciDial@f1430484. Defaults of its campaign settings: adaptive_dl_diff_target 0, adaptive_intensity 0,
 * adaptive_dropped_percentage 3; `maximumLevel` is adaptive_maximum_level. Agents in disposition are paused there, so
 * those in wrap-up are not counted as active.
 */
export const vicidial = (method: VicidialMethod, maximumLevel: number): Pacer<Memory> =>
  loopPacer<Memory>(
    `VICIdial ${method}`,
    (nowMs) => ({
      level: 1,
      diffs: [],
      totals: [],
      sampledMs: 0,
      levelMs: nowMs,
      dialedMs: 0,
      dropPercentMs: 0,
      dropPercent: 0,
      day: Math.floor(nowMs / 86_400_000),
      drops: 0,
      answers: 0,
      calls: 0,
      recentDials: [],
      recentDrops: [],
    }),
    (memory, event) => {
      if (event.type === 'dialed') {
        memory.calls++;
        memory.recentDials.push(event.atMs);
      } else if (event.type === 'connected') memory.answers++;
      else if (event.type === 'dropped') {
        memory.answers++;
        memory.drops++;
        memory.recentDrops.push(event.atMs);
      }
    },
    (memory, view) => {
      const now = view.nowMs;
      const day = Math.floor(now / 86_400_000);
      if (day !== memory.day) Object.assign(memory, { day, drops: 0, answers: 0, calls: 0, dropPercent: 0, level: 1 });
      const { free, talking, total } = countAgents(view);
      if (now - memory.sampledMs >= 1000) {
        memory.sampledMs = now;
        pushBounded(memory.diffs, free - view.waiting.length, 15);
        pushBounded(memory.totals, total, 15);
      }
      if (now - memory.dropPercentMs >= 60_000) {
        memory.dropPercentMs = now;
        memory.dropPercent = memory.answers > 0 ? (100 * memory.drops) / memory.answers : 0;
      }
      if (now - memory.levelMs >= 15_000) {
        memory.levelMs = now;
        adapt(memory, method, maximumLevel, now, view.closesAtMs);
      }
      if (now - memory.dialedMs < 2500) return 0;
      memory.dialedMs = now;
      const goal = Math.round(memory.level * (free + talking));
      return goal - view.ringing.length - view.waiting.length - talking;
    },
  );

const adapt = (
  memory: Memory,
  method: VicidialMethod,
  maximumLevel: number,
  now: number,
  closesAtMs: number | undefined,
): void => {
  const agents = meanOr(memory.totals, 0);
  const diff = meanOr(memory.diffs, 0);
  // With intensity 0 the differential multiplies as it is.
  const differential = diff === 0 || agents === 0 ? 0 : diff / agents;
  let level = Math.round(1000 * memory.level * (1 + differential)) / 1000;
  level = Math.max(1, Math.min(level, maximumLevel));
  while ((memory.recentDials[0] ?? now) < now - 60_000) memory.recentDials.shift();
  while ((memory.recentDrops[0] ?? now) < now - 60_000) memory.recentDrops.shift();
  const lastMinute = memory.recentDials.length;
  if (lastMinute > 20 && memory.recentDrops.length / lastMinute > 0.5) level /= 2;
  if (memory.calls > 50 && memory.dropPercent > 3) {
    if (method === 'HARD_LIMIT') level = 1;
    else if (method === 'AVERAGE') level /= 2;
    else {
      // HHMM whole numbers: 1300 − 1259 is 41 there; the minutes of the hour are kept, their gap at the hour is not.
      const left = closesAtMs === undefined ? 0 : ((closesAtMs - now) / 3_600_000) * 100;
      level = left < 0 ? 1 : level * (left > 1000 ? 1 : left / 1000);
    }
  }
  memory.level = Math.max(1, level);
};
