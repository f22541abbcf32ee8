import type { Random } from '../stats/random.ts';
import type { World } from './world.ts';

/** The answer rate of one simulated day: its level, the half sine over the shift, slow shocks and incidents. */
export class DayRate {
  private readonly world: World;
  private readonly startMs: number;
  private readonly level: number;
  /** First-order autoregression on one-minute steps. */
  private readonly shocks: readonly number[];
  /** The rate of the average lead at the instant asked for last, without incidents. */
  private last = { atMs: NaN, rate: 0 };

  /** Draws the day; `random` is the day's own stream. */
  constructor(world: World, startMs: number, random: Random) {
    this.world = world;
    this.startMs = startMs;
    this.level = Math.max(0.2, 1 + world.dayLevelSd * random.normal());
    // A correlation time of 20 minutes.
    const keep = Math.exp(-1 / 20);
    let x = random.normal();
    const shocks: number[] = [];
    for (let minute = 0; minute <= world.shiftSec / 60 + 60; minute++) {
      shocks.push(x);
      x = keep * x + Math.sqrt(1 - keep * keep) * random.normal();
    }
    this.shocks = shocks;
  }

  /** Probability (0–0.98) that a lead with this factor answers a dial now. */
  at(nowMs: number, factor: number): number {
    const { world } = this;
    const sec = (nowMs - this.startMs) / 1000;
    // Many lines are dialled at one instant.
    if (this.last.atMs !== nowMs) this.last = { atMs: nowMs, rate: this.plain(sec) };
    let rate = this.last.rate * factor;
    for (const incident of world.incidents) {
      if (incident.kind === 'answerFactor' && sec >= incident.atSec && sec < incident.atSec + incident.forSec) {
        rate *= incident.factor;
      }
    }
    return Math.min(0.98, rate);
  }

  private plain(sec: number): number {
    const { world, shocks } = this;
    const swing = 1 + world.swing * Math.sin((Math.PI * sec) / world.shiftSec);
    const minute = shocks[Math.min(shocks.length - 1, Math.floor(sec / 60))] ?? 0;
    return world.answerRate * this.level * swing * Math.max(0, 1 + world.shockSd * minute);
  }
}
