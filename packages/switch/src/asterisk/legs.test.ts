import type { LegId } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SwitchEvent } from '../port.ts';
import type { AriChannel, AriChannelState, AriEvent } from './ari-events.ts';
import { bridgeOfHold, endingOf, endingWithoutNotice, holdBridgeOf, isHoldBridge, LegBook } from './legs.ts';

const channel = (id: string, state: AriChannelState): AriChannel => ({
  id,
  name: `PJSIP/x-${id}`,
  state,
  accountCode: '',
  callerNumber: '',
  exten: '',
  context: '',
  appName: 'Stasis',
  appData: 'app',
  createdAtMs: 0,
});

type ChannelEvent = Exclude<AriEvent, { type: 'ApplicationReplaced' }>;

const event = fc.oneof(
  fc.constantFrom('', 'RINGING', 'PROGRESS', 'ANSWER').map((status) => ({ type: 'Dial', status }) as const),
  fc
    .constantFrom<AriChannelState>('Down', 'Ringing', 'Up')
    .map((state) => ({ type: 'ChannelStateChange', state }) as const),
  fc.boolean().map((soft) => ({ type: 'ChannelHangupRequest', soft }) as const),
  fc.constant({ type: 'ChannelDestroyed' } as const),
  fc.constantFrom('b1', 'b2', 'hold:b1').map((bridge) => ({ type: 'ChannelEnteredBridge', bridge }) as const),
  fc.constantFrom('b1', 'b2', 'hold:b1').map((bridge) => ({ type: 'ChannelLeftBridge', bridge }) as const),
);

const ariEvent = (item: typeof event extends fc.Arbitrary<infer T> ? T : never, id: string): ChannelEvent => {
  const base = { atMs: 1, channel: channel(id, 'state' in item ? item.state : 'Down') };
  switch (item.type) {
    case 'Dial':
      return { ...base, type: item.type, status: item.status };
    case 'ChannelStateChange':
      return { ...base, type: item.type };
    case 'ChannelHangupRequest':
      return { ...base, type: item.type, soft: item.soft };
    case 'ChannelDestroyed':
      return { ...base, type: item.type, cause: 16, causeText: '' };
    case 'ChannelEnteredBridge':
    case 'ChannelLeftBridge':
      return { ...base, type: item.type, bridge: { id: item.bridge, type: 'mixing', channelIds: [] } };
  }
};

describe('the leg book', () => {
  test('whatever comes in whatever order, tells ringing, progress, answer and end at most once, and nothing after the end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.constantFrom('a', 'b')), { maxLength: 60 }), (items) => {
        const told: SwitchEvent[] = [];
        const book = new LegBook((each) => told.push(each));
        for (const id of ['a', 'b']) book.accepted(book.begin(id as LegId, 0));
        for (const [item, id] of items) book.handle(ariEvent(item, id));
        for (const id of ['a', 'b']) {
          const own = told.filter((each) => 'legId' in each && each.legId === id).map(({ type }) => type);
          for (const type of ['legRinging', 'legProgress', 'legAnswered', 'legEnded']) {
            expect(own.filter((each) => each === type).length).toBeLessThanOrEqual(1);
          }
          if (own.includes('legEnded')) expect(own.at(-1)).toBe('legEnded');
          const answered = own.indexOf('legAnswered');
          if (answered >= 0) expect(own.slice(answered)).not.toContain('legRinging');
          expect(book.get(id as LegId) === undefined).toBe(own.includes('legEnded'));
        }
        expect(told.some((each) => 'bridgeId' in each && isHoldBridge(each.bridgeId))).toBe(false);
      }),
    );
  });

  test('keeps what a dial does until it is accepted, and forgets it when it is refused', () => {
    const told: SwitchEvent[] = [];
    const book = new LegBook((each) => told.push(each));
    const [good, bad] = [book.begin('good' as LegId, 0), book.begin('bad' as LegId, 0)];
    for (const id of ['good', 'bad'])
      book.handle({ type: 'Dial', status: 'RINGING', atMs: 1, channel: channel(id, 'Down') });
    expect(told).toEqual([]);
    book.accepted(good);
    book.refused(bad, true);
    book.handle({ type: 'ChannelDestroyed', cause: 16, causeText: '', atMs: 2, channel: channel('bad', 'Down') });
    expect(told).toMatchObject([{ type: 'legRinging', legId: 'good' }]);
    expect(book.hasEnded('bad' as LegId)).toBe(false);
  });

  test('remembers the dead for a while, so that a repeated command does not bring them back', () => {
    const book = new LegBook(() => undefined);
    book.accepted(book.begin('a' as LegId, 0));
    book.handle({ type: 'ChannelDestroyed', cause: 16, causeText: '', atMs: 2, channel: channel('a', 'Up') });
    expect(book.hasEnded('a' as LegId)).toBe(true);
  });
});

describe('an ending', () => {
  const destroyed = { cause: 19, causeText: 'User alerting, no answer', techCause: 480 };
  test('by a soft hang-up request is ours, and its made-up SIP status is left out', () => {
    const ending = endingOf({ hangup: { soft: true, cause: 32, techCause: undefined }, asked: undefined }, destroyed);
    expect(ending).toEqual({ cause: 19, by: 'us', text: 'User alerting, no answer' });
  });
  test('by the carrier has its status from the request, not from the end', () => {
    const ending = endingOf(
      { hangup: { soft: false, cause: 17, techCause: 486 }, asked: undefined },
      { ...destroyed, cause: 17 },
    );
    expect(ending).toMatchObject({ cause: 17, by: 'them', sipStatus: 486 });
    const made = endingOf(
      { hangup: { soft: false, cause: 58, techCause: undefined }, asked: undefined },
      { cause: 58, causeText: '', techCause: 488 },
    );
    expect(made).toEqual({ cause: 58, by: 'them' });
  });
  test('with no request at all is the switch, unless we asked', () => {
    expect(endingOf({ hangup: undefined, asked: undefined }, destroyed).by).toBe('switch');
    expect(endingOf({ hangup: undefined, asked: 'busy' }, destroyed).by).toBe('us');
  });
  test('that was not announced is told from what is known', () => {
    expect(endingWithoutNotice({ hangup: undefined, asked: 'busy' })).toEqual({ cause: 17, by: 'us' });
    expect(
      endingWithoutNotice({ hangup: { soft: false, cause: 127, techCause: undefined }, asked: undefined }),
    ).toEqual({
      cause: 127,
      by: 'them',
    });
  });
});

test('a holding bridge is named after the bridge its legs come back to', () => {
  expect(bridgeOfHold(holdBridgeOf('b' as never))).toBe('b');
  expect(bridgeOfHold(holdBridgeOf(undefined))).toBeUndefined();
});
