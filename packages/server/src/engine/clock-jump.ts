import type { EngineWorld } from './engine-world.ts';

/**
 * The clock of the day was set by `byMs` (forward when positive) while calls are up. Whatever waits goes on waiting as long
 * as it would have: ring times, drop times, wrap-up, rests of trunks, rates. Calling windows, caps by day and promised
 * callbacks follow the new time, as they must. What the rows hold is corrected with each row's next change.
 */
export const onClockJump = (world: EngineWorld, byMs: number): void => {
  world.log.warn({ byMs: Math.round(byMs) }, 'the clock was set; deadlines move along');
  world.kernel.shiftDeadlines(byMs);
  world.trunks.clockJumped(byMs);
  for (const campaign of world.campaigns.values()) {
    if (campaign.emptyUntilMs > 0) campaign.emptyUntilMs += byMs;
    campaign.bucket = { ...campaign.bucket, atMs: campaign.bucket.atMs + byMs };
    world.pump(campaign.context.id);
  }
};
