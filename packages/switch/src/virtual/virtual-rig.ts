import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EndpointId, LegId, TrunkId } from '@qianhu/core';

import type { ContractRig, FarEnd, FarEndAct, FarEndStep } from '../contract/contract-rig.ts';
import type { EndpointSpec, TrunkSpec } from '../port.ts';
import type { CalleeStep } from './callee-script.ts';
import { seededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualExchange } from './virtual-exchange.ts';
import { VirtualSwitch } from './virtual-switch.ts';

const PROMPT = { path: '/prompt', ms: 1000 };

const TRUNK: TrunkSpec = {
  trunkId: 'carrier' as TrunkId,
  transport: 'udp',
  host: '127.0.0.1',
  port: 5060,
  auth: { kind: 'ip' },
  codecs: ['alaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 1,
};
const DEAD_TRUNK: TrunkSpec = { ...TRUNK, trunkId: 'dead' as TrunkId, port: 5099 };
const PHONE: EndpointSpec = {
  endpointId: 'agent-1' as EndpointId,
  kind: 'sip',
  username: 'agent-1',
  password: 'secret',
  contact: 'sip:agent-1@127.0.0.1:5070',
};
const ABSENT: EndpointSpec = {
  endpointId: 'agent-2' as EndpointId,
  kind: 'sip',
  username: 'agent-2',
  password: 'secret',
};

/** The contract suite's far ends as scripts of a virtual exchange on virtual time. */
export const makeVirtualRig = async (): Promise<ContractRig> => {
  const clock = new VirtualClock();
  const dir = mkdtempSync(join(tmpdir(), 'qianhu-virtual-'));
  const farEnds = new Map<string, VirtualFarEnd>();
  const byLeg = new Map<LegId, VirtualFarEnd>();
  const exchange: VirtualExchange = new VirtualExchange({
    scheduler: clock,
    random: seededRandom(1),
    recordingDir: dir,
    soundMs: (path) => (path === PROMPT.path ? PROMPT.ms : undefined),
    calleeFor: (number, legId) => {
      const farEnd = farEnds.get(number);
      farEnd?.invited(legId);
      return { steps: farEnd?.plan.map(toStep) ?? [] };
    },
    phoneFor: (_, legId) => {
      phoneFarEnd.invited(legId);
      return { steps: phoneFarEnd.plan.map(toStep) };
    },
  });
  const ear: Ear = { exchange, byLeg };
  const phoneFarEnd: VirtualFarEnd = new VirtualFarEnd(ear, 'phone', [{ afterMs: 100, do: 'answer' }]);
  exchange.provisioning.setTrunkBehaviour(DEAD_TRUNK.trunkId, { line: 'refuses' });
  const sw = new VirtualSwitch(exchange);
  await sw.connect();
  const clients = [sw];
  let callers = 0;

  const until: ContractRig['until'] = async (what, done, limitMs = 10_000) => {
    const giveUpAtMs = clock.now() + limitMs;
    while (!(await done())) {
      if (clock.now() >= giveUpAtMs) throw new Error(`Did not happen: ${what}.`);
      await clock.advanceAsync(10);
    }
  };

  return {
    switch: sw,
    trunk: TRUNK,
    deadTrunk: DEAD_TRUNK,
    phone: PHONE,
    phoneFarEnd,
    absentPhone: ABSENT,
    sounds: { prompt: PROMPT.path, promptMs: PROMPT.ms, missing: '/missing' },
    callee: (number, plan) => {
      const farEnd = new VirtualFarEnd(ear, number, plan);
      farEnds.set(number, farEnd);
      return farEnd;
    },
    callIn: (call) => {
      const caller = new VirtualFarEnd(ear, `caller-${++callers}`, []);
      const legId = `incoming-${callers}` as LegId;
      caller.calls(legId);
      exchange.incoming({ legId, from: { kind: 'trunk', trunkId: TRUNK.trunkId }, ...call });
      return Promise.resolve(caller);
    },
    until,
    pass: (ms) => clock.advanceAsync(ms),
    now: () => clock.now(),
    cut: () => Promise.resolve(sw.loseConnection()),
    mend: () => Promise.resolve(sw.restoreConnection()),
    restart: () => Promise.resolve(exchange.restart(1000, true)),
    secondClient: () => {
      const client = new VirtualSwitch(exchange);
      clients.push(client);
      return client;
    },
    recorded: (path) => {
      const voices = [...byLeg].filter(([legId]) => exchange.recordings.wasSide(path, legId));
      return Promise.resolve({ bytes: readFileSync(path).length, voices: voices.map(([, farEnd]) => farEnd.voice) });
    },
    close: async () => {
      for (const client of clients) await client.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const toStep = (step: FarEndStep): CalleeStep => step;

type Invite = { readonly callerNumber?: string; readonly headers: Readonly<Record<string, string>> };

type Ear = { readonly exchange: VirtualExchange; readonly byLeg: Map<LegId, VirtualFarEnd> };

class VirtualFarEnd implements FarEnd {
  readonly voice: string;
  readonly plan: readonly FarEndStep[];
  readonly #ear: Ear;
  #invites = 0;
  #legId: LegId | undefined;
  /** True when it calls us. */
  #isCaller = false;
  /** What the last INVITE carried, kept after its leg is gone. */
  #dial: Invite | undefined;

  constructor(ear: Ear, voice: string, plan: readonly FarEndStep[]) {
    this.#ear = ear;
    this.voice = voice;
    this.plan = plan;
  }

  invited(legId: LegId): void {
    this.#invites++;
    this.#legId = legId;
    this.#dial = undefined;
    this.#ear.byLeg.set(legId, this);
  }

  calls(legId: LegId): void {
    this.#isCaller = true;
    this.#legId = legId;
    this.#ear.byLeg.set(legId, this);
  }

  invites(): number {
    return this.#invites;
  }

  state(): 'idle' | 'ringing' | 'up' | 'ended' {
    if (this.#legId === undefined) return 'idle';
    const leg = this.#ear.exchange.peek(this.#legId);
    if (leg === undefined) return 'ended';
    return leg.phase === 'up' ? 'up' : 'ringing';
  }

  hears(): Promise<readonly string[]> {
    if (this.#legId === undefined) return Promise.resolve([]);
    const heard = this.#ear.exchange.audibleTo(this.#legId).map((sound) => {
      const [kind, name] = sound.split(':');
      if (kind === 'file') return 'prompt';
      if (kind === 'leg') return this.#ear.byLeg.get(name as LegId)?.voice ?? sound;
      return kind ?? sound;
    });
    return Promise.resolve(heard);
  }

  digits(): string {
    return (this.#legId && this.#ear.exchange.peek(this.#legId)?.dtmfReceived) ?? '';
  }

  act(act: FarEndAct): Promise<void> {
    if (this.#legId !== undefined) this.#ear.exchange.direct(this.#legId, { steps: [{ ...act, afterMs: 0 }] });
    return Promise.resolve();
  }

  refusedWith(): number | undefined {
    if (!this.#isCaller || this.#legId === undefined || this.#ear.exchange.peek(this.#legId) !== undefined)
      return undefined;
    const cause = this.#ear.exchange.history(0).find((leg) => leg.legId === this.#legId)?.ending.cause;
    return cause === 17 ? 486 : 603;
  }

  callerNumber(): string | undefined {
    return this.#invite()?.callerNumber;
  }

  header(name: string): string | undefined {
    return this.#invite()?.headers[name];
  }

  /** What the INVITE carried; the trunk's placement of the caller ID as `TrunkSpec.callerIdIn` says. */
  #invite(): Invite | undefined {
    const dial = this.#legId === undefined ? undefined : this.#ear.exchange.peek(this.#legId)?.dial;
    if (dial === undefined) return this.#dial;
    const number = dial.callerId?.number;
    const placement =
      dial.target.kind === 'trunk'
        ? this.#ear.exchange.provisioning.findTrunk(dial.target.trunkId)?.spec.callerIdIn
        : undefined;
    const placed: Record<string, string> =
      placement === 'pAssertedIdentity' && number !== undefined
        ? { 'P-Asserted-Identity': `<sip:${number}@carrier>` }
        : {};
    this.#dial = {
      ...(number === undefined ? {} : { callerNumber: number }),
      headers: { ...dial.headers, ...placed },
    };
    return this.#dial;
  }
}
