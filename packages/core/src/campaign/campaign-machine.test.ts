import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidStateError, isIgnored } from '../machine.ts';
import { T0 } from '../testing/call-samples.ts';
import { CAMPAIGN_MOVES, campaignTransition, type CampaignEvent, type CampaignState } from './campaign-machine.ts';

const start: CampaignEvent = { type: 'start', atMs: T0 };
const stop: CampaignEvent = { type: 'stop', atMs: T0 };
const pause: CampaignEvent = { type: 'pause', atMs: T0, cause: 'person' };
const drain = (openCalls: number): CampaignEvent => ({ type: 'drain', atMs: T0, openCalls });
const counted = (openCalls: number, openLeads: number): CampaignEvent => ({
  type: 'counted',
  atMs: T0,
  openCalls,
  openLeads,
});

const at = {
  draft: { kind: 'draft' },
  running: { kind: 'running', sinceMs: T0 },
  paused: { kind: 'paused', sinceMs: T0, reason: 'person' },
  draining: { kind: 'draining', sinceMs: T0 },
  stopped: { kind: 'stopped', sinceMs: T0 },
  finished: { kind: 'finished', sinceMs: T0 },
} as const satisfies Record<CampaignState['kind'], CampaignState>;

/** What an event does in every state: the kind it leads to, `-` when it is ignored, `!` when the command is refused. */
const outcome = (state: CampaignState, event: CampaignEvent): string => {
  try {
    const result = campaignTransition(state, event);
    return isIgnored(result) ? '-' : result.state.kind;
  } catch (error) {
    if (error instanceof InvalidStateError) return '!';
    throw error;
  }
};

describe('a campaign', () => {
  it.each([
    [
      'start',
      start,
      {
        draft: 'running',
        running: '-',
        paused: 'running',
        draining: 'running',
        stopped: 'running',
        finished: 'running',
      },
    ],
    ['pause', pause, { draft: '!', running: 'paused', paused: '-', draining: '!', stopped: '!', finished: '!' }],
    [
      'drain with calls out',
      drain(2),
      { draft: '!', running: 'draining', paused: 'draining', draining: '-', stopped: '!', finished: '!' },
    ],
    [
      'drain with no call out',
      drain(0),
      { draft: '!', running: 'stopped', paused: 'stopped', draining: '-', stopped: '!', finished: '!' },
    ],
    [
      'stop',
      stop,
      { draft: '!', running: 'stopped', paused: 'stopped', draining: 'stopped', stopped: '-', finished: '!' },
    ],
    [
      'a count with calls out',
      counted(1, 0),
      { draft: '-', running: '-', paused: '-', draining: '-', stopped: '-', finished: '-' },
    ],
    [
      'a count with leads left',
      counted(0, 3),
      { draft: '-', running: '-', paused: '-', draining: 'stopped', stopped: '-', finished: '-' },
    ],
    [
      'a count of nothing left',
      counted(0, 0),
      { draft: '-', running: 'finished', paused: '-', draining: 'stopped', stopped: '-', finished: '-' },
    ],
  ])('answers %s in every state as the table says', (_name, event, table) => {
    expect(Object.fromEntries(Object.entries(at).map(([kind, state]) => [kind, outcome(state, event)]))).toEqual(table);
  });

  it('hangs up what rings when it is stopped, and nothing when it drains or pauses', () => {
    const effects = (event: CampaignEvent): unknown => {
      const result = campaignTransition(at.running, event);
      return isIgnored(result) ? [] : result.effects;
    };
    expect(effects(stop)).toEqual([{ type: 'hold' }, { type: 'hangUpUnanswered' }]);
    expect(effects(drain(1))).toEqual([{ type: 'hold' }]);
    expect(effects(pause)).toEqual([{ type: 'hold' }]);
  });

  it('dials only while running, and moves only as its table allows', () => {
    const events = fc.array(
      fc.constantFrom(start, stop, pause, drain(0), drain(1), counted(0, 0), counted(0, 1), counted(1, 0)),
    );
    fc.assert(
      fc.property(events, (list) => {
        let state: CampaignState = at.draft;
        let dialing = false;
        for (const event of list) {
          try {
            const result = campaignTransition(state, event);
            if (isIgnored(result)) continue;
            if (result.state.kind !== state.kind) expect(CAMPAIGN_MOVES[state.kind]).toContain(result.state.kind);
            state = result.state;
            for (const effect of result.effects)
              dialing = effect.type === 'dial' || (dialing && effect.type !== 'hold');
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidStateError);
            expect(event.type).not.toBe('counted');
          }
          expect(dialing).toBe(state.kind === 'running');
        }
      }),
    );
  });
});
