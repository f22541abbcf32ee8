import type { BridgeId, EndpointId, EpochMs, LegId } from '@qianhu/core';

import type { IncomingFrom, LegPhase, Originate, SipMessage, SwitchEvent } from '../port.ts';
import type { CalleeScript } from './callee-script.ts';
import type { Random } from './seeded-random.ts';
import type { Scheduler } from './virtual-clock.ts';

/** The world a virtual exchange stands in. All durations are milliseconds. */
export type ExchangeOptions = {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Who answers a number dialled through a trunk. Default: everyone rings after 0.5 s and answers after 2 s, and stays. */
  readonly calleeFor?: (dialString: string, legId: LegId) => CalleeScript;
  /** What an agent's phone does when called. Default: answers by itself after 200 ms and stays. */
  readonly phoneFor?: (endpointId: EndpointId, legId: LegId) => CalleeScript;
  /** How long a prompt lasts; undefined = no such file (its playback fails). Default: 2 s each. */
  readonly soundMs?: (path: string) => number | undefined;
  /** Legs that fit at once; more are refused with `overloaded`. Default: no limit. */
  readonly maxLegs?: number;
  /** New legs per second before `overloaded` (bucket of one second). Default 10,000. */
  readonly newCallsPerSecond?: number;
  /** Ended legs remembered for `history` and for refusing to dial twice; the oldest are forgotten first. Default 100,000. */
  readonly historyLegs?: number;
  /** How long a vanished far end's silence is borne. Default 30 s. */
  readonly rtpTimeoutMs?: number;
  /** How long an INVITE waits for any reply (SIP timer B). Default 32 s. */
  readonly noReplyMs?: number;
  /** Where finished recordings are written as real files; absent: paths are made up and nothing is written. */
  readonly recordingDir?: string;
};

/** One party's connection inside the exchange. Fields change as the call goes. */
export type Leg = {
  readonly legId: LegId;
  readonly createdAtMs: EpochMs;
  /** Absent for incoming legs. */
  readonly dial: Originate | undefined;
  readonly from: IncomingFrom | undefined;
  phase: LegPhase;
  answeredAtMs: EpochMs | undefined;
  /** The bridge it is in; that bridge's `legs` holds it. */
  bridge: Bridge | undefined;
  script: CalleeScript;
  /** Index of the script's next step. */
  step: number;
  /** True while the script pauses for the answer. */
  waitsForAnswer: boolean;
  cancelStep: (() => void) | undefined;
  /** Ring time-out before the answer, RTP time-out of a vanished far end after it. */
  cancelTimeout: (() => void) | undefined;
  muted: boolean;
  held: boolean;
  says: string | undefined;
  /** Digits the far end has received from us. */
  dtmfReceived: string;
  trace: SipMessage[] | undefined;
};

export type Bridge = { readonly bridgeId: BridgeId; readonly legs: Set<Leg> };

/** Whoever listens to the exchange; at most one at a time, as with an Asterisk application. */
export type ExchangeSink = {
  readonly onEvent: (event: SwitchEvent) => void;
  /** Another listener took the place. */
  readonly onReplaced: () => void;
  /** The exchange died; `whenUp` tells when it is back. */
  readonly onDown: (reason: string) => void;
};
