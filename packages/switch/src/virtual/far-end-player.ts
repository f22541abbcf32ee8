import type { LegEnding } from '@qianhu/core';

import type { SipMessage, SwitchEvent } from '../port.ts';
import type { CalleeScript, CalleeStep } from './callee-script.ts';
import type { Leg } from './exchange-types.ts';
import { causeOfReason, causeOfSipStatus } from './sip-causes.ts';
import type { Scheduler } from './virtual-clock.ts';

export type FarEndDeps = {
  readonly scheduler: Scheduler;
  readonly emit: (event: SwitchEvent) => void;
  readonly isAlive: (leg: Leg) => boolean;
  readonly answered: (leg: Leg) => void;
  readonly end: (leg: Leg, ending: LegEnding) => void;
  readonly rtpTimeoutMs: number;
};

/** Plays the far ends' scripts, step by step, for as long as their legs live. */
export class FarEndPlayer {
  readonly #deps: FarEndDeps;

  constructor(deps: FarEndDeps) {
    this.#deps = deps;
  }

  /** Begins a script (another one than before, perhaps). */
  play(leg: Leg, script: CalleeScript): void {
    // A listener of an earlier event may have ended it already.
    if (!this.#deps.isAlive(leg)) return;
    leg.cancelStep?.();
    leg.script = script;
    leg.step = 0;
    leg.waitsForAnswer = false;
    this.#next(leg);
  }

  /** Goes on with a script that waited for the answer. */
  resume(leg: Leg): void {
    if (!leg.waitsForAnswer) return;
    leg.waitsForAnswer = false;
    if (this.#deps.isAlive(leg)) this.#next(leg);
  }

  #next(leg: Leg): void {
    const { script } = leg;
    const step = script.steps[leg.step];
    if (step === undefined) return;
    leg.cancelStep = this.#deps.scheduler.setTimer(step.afterMs, () => {
      const at = ++leg.step;
      this.#act(leg, step);
      // The act may have ended the leg, or a listener given it another script.
      if (this.#deps.isAlive(leg) && leg.script === script && leg.step === at && !leg.waitsForAnswer) this.#next(leg);
    });
  }

  #act(leg: Leg, step: CalleeStep): void {
    const { legId } = leg;
    const { scheduler, emit, end } = this.#deps;
    const atMs = scheduler.now();
    switch (step.do) {
      case 'ring':
        traceLine(leg, atMs, 'received', 'SIP/2.0 180 Ringing');
        if (leg.phase === 'dialing') leg.phase = 'ringing';
        if (leg.phase !== 'up') emit({ type: 'legRinging', legId, atMs });
        return;
      case 'progress':
        traceLine(leg, atMs, 'received', 'SIP/2.0 183 Session Progress');
        if (leg.phase === 'up') return;
        leg.phase = 'early';
        leg.says = step.says;
        emit({ type: 'legProgress', legId, atMs });
        return;
      case 'answer':
        return this.#deps.answered(leg);
      case 'reject':
        if (leg.phase === 'up') return end(leg, { ...causeOfReason('normal'), by: 'them' });
        traceLine(leg, atMs, 'received', `SIP/2.0 ${step.sipStatus}`);
        return end(leg, {
          ...causeOfSipStatus(step.sipStatus),
          ...(step.cause === undefined ? {} : { cause: step.cause }),
          sipStatus: step.sipStatus,
          by: 'them',
        });
      case 'hangUp':
        traceLine(leg, atMs, 'received', 'BYE');
        return end(leg, { cause: step.cause ?? 16, text: 'Normal Clearing', by: 'them' });
      case 'press':
        return this.#press(leg, step.digits, step.gapMs ?? 250, step.durationMs ?? 100);
      case 'say':
        leg.says = step.says;
        return;
      case 'waitForAnswer':
        leg.waitsForAnswer = leg.phase !== 'up';
        return;
      case 'vanish':
        leg.says = undefined;
        // Before the answer the ring time-out is what ends it.
        if (leg.phase !== 'up') return;
        leg.cancelTimeout?.();
        leg.cancelTimeout = scheduler.setTimer(this.#deps.rtpTimeoutMs, () =>
          end(leg, { cause: 44, text: 'No RTP any more', by: 'switch' }),
        );
    }
  }

  #press(leg: Leg, digits: string, gapMs: number, durationMs: number): void {
    const { scheduler, emit, isAlive } = this.#deps;
    [...digits].forEach((digit, index) => {
      const tell = (): void => {
        if (isAlive(leg)) emit({ type: 'legDtmf', legId: leg.legId, atMs: scheduler.now(), digit, durationMs });
      };
      if (index === 0) tell();
      else scheduler.setTimer(index * gapMs, tell);
    });
  }
}

/** Notes a SIP message's first line for legs that asked for a trace. */
export const traceLine = (leg: Leg, atMs: number, direction: SipMessage['direction'], text: string): void => {
  leg.trace?.push({ atMs, direction, peer: 'virtual', text });
};
