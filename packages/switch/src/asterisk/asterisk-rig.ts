import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { EndpointId, LegId, TrunkId } from '@qianhu/core';
import type { ContractRig, FarEnd, FarEndAct, FarEndStep } from '../contract/contract-rig.ts';
import { silentLogger } from '../logger.ts';
import type { EndpointSpec, TrunkSpec } from '../port.ts';
import { MUSIC_HZ, PROMPT_HZ, type AsteriskUnderTest } from '../testing/asterisk-under-test.ts';
import { toneShare } from '../testing/rtp-stream.ts';
import { SipAgent } from '../testing/sip-agent.ts';
import type { SipCall } from '../testing/sip-call.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { AsteriskSwitch } from './asterisk-switch.ts';
import { realScheduling } from '../testing/real-scheduling.ts';

/** Loopback addresses of their own: a trunk is recognised by its address. */
const CARRIER_HOST = '127.0.0.3';
const DEAD_HOST = '127.0.0.4';
const PHONE_HOST = '127.0.0.1';

/** Tones of the port: China's 450 Hz and our beep. */
const TONES_HZ = [450, 1000];
/** Far ends' voices; away from the tones, the music and the prompt. */
const VOICES_HZ = Array.from({ length: 40 }, (_, n) => 600 + n * 70).filter((hz) =>
  [...TONES_HZ, MUSIC_HZ, PROMPT_HZ].every((other) => Math.abs(hz - other) > 30),
);
const HEARD_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class AgentFarEnd implements FarEnd {
  readonly #hz: number;
  readonly voice: string;
  readonly #plan: readonly FarEndStep[];
  readonly #voices: ReadonlyMap<string, number>;
  readonly #calls: SipCall[] = [];

  constructor(hz: number, plan: readonly FarEndStep[], voices: Map<string, number>) {
    this.#hz = hz;
    this.voice = `voice-${String(hz)}`;
    this.#plan = plan;
    this.#voices = voices;
    voices.set(this.voice, hz);
  }

  get #call(): SipCall | undefined {
    return this.#calls.at(-1);
  }

  take(call: SipCall): void {
    this.#calls.push(call);
    if (!call.isOutgoing) void this.#follow(call);
    else call.rtp.tone(this.#hz);
  }

  async #follow(call: SipCall): Promise<void> {
    for (const step of this.#plan) {
      await pause(step.afterMs);
      if (call.state === 'ended') return;
      await this.#perform(call, step);
    }
  }

  async #perform(call: SipCall, act: FarEndAct): Promise<void> {
    switch (act.do) {
      case 'ring':
        return call.ring();
      case 'progress':
        return call.progress(this.#hz);
      case 'answer':
        return call.answer(this.#hz);
      case 'reject':
        return call.refuse(act.sipStatus);
      case 'hangUp':
        return call.hangUp();
      case 'press':
        return call.rtp.dtmf(act.digits);
    }
  }

  invites(): number {
    return this.#calls.filter((call) => !call.isOutgoing).length;
  }
  state(): 'idle' | 'ringing' | 'up' | 'ended' {
    const call = this.#call;
    if (!call) return 'idle';
    if (call.state === 'ended') return 'ended';
    return call.state === 'new' ? 'ringing' : 'up';
  }
  hears(): Promise<readonly string[]> {
    const audio = this.#call?.rtp.heard(HEARD_MS) ?? new Uint8Array();
    return Promise.resolve(voicesIn(audio, this.#voices));
  }
  digits(): string {
    return this.#calls.flatMap((call) => call.rtp.digits).join('');
  }
  async act(act: FarEndAct): Promise<void> {
    const call = this.#call;
    if (call) await this.#perform(call, act);
  }
  refusedWith(): number | undefined {
    const status = this.#call?.finalStatus ?? 0;
    return status >= 300 ? status : undefined;
  }
  callerNumber(): string | undefined {
    return /sips?:([^@>;]+)@/.exec(this.header('from') ?? '')?.[1];
  }
  header(name: string): string | undefined {
    return this.#call?.header(name);
  }
}

/** Voices whose tone is a good part of the sound; in a mix of three each still has a third. */
const voicesIn = (audio: Uint8Array, voices: ReadonlyMap<string, number>): readonly string[] => {
  if (audio.length < 800) return [];
  const heard = new Set<string>();
  for (const [voice, hz] of voices) if (toneShare(audio, hz) > 0.1) heard.add(voice);
  for (const hz of TONES_HZ) if (toneShare(audio, hz) > 0.1) heard.add('tone');
  if (toneShare(audio, MUSIC_HZ) > 0.1) heard.add('music');
  if (toneShare(audio, PROMPT_HZ) > 0.1) heard.add('prompt');
  return [...heard];
};

/** The contract's rig around a real Asterisk, which the tests of a file share; far ends and the client are fresh. */
export const makeAsteriskRig = async (asterisk: AsteriskUnderTest): Promise<ContractRig> => {
  const voices = new Map<string, number>();
  const nextHz = (): number => VOICES_HZ[voices.size % VOICES_HZ.length] ?? 600;
  const callees = new Map<string, AgentFarEnd>();
  const proxy = await startTcpProxy(asterisk.spec.http.port);
  const carrier = await SipAgent.start({
    host: CARRIER_HOST,
    onCall: (call) => {
      const farEnd = callees.get(call.number);
      if (farEnd) farEnd.take(call);
      else call.refuse(404);
    },
  });
  const phoneFarEnd = new AgentFarEnd(nextHz(), [{ afterMs: 100, do: 'answer' }], voices);
  const phoneAgent = await SipAgent.start({ host: PHONE_HOST, onCall: (call) => phoneFarEnd.take(call) });

  const client = (): AsteriskSwitch =>
    new AsteriskSwitch({
      ariUrl: `http://127.0.0.1:${String(proxy.port)}/ari`,
      username: asterisk.spec.ari.username,
      password: asterisk.spec.ari.password,
      app: asterisk.app,
      spoolDir: asterisk.paths.spool,
      celFile: asterisk.paths.celFile,
      controlSocket: asterisk.controlSocket,
      clock: realScheduling,
      logger: silentLogger,
      reachabilityEveryMs: 300,
      backOffMs: { first: 50, longest: 500 },
    });
  const clients = [client()];
  const first = clients[0] as AsteriskSwitch;
  await first.connect();

  const trunk: TrunkSpec = {
    trunkId: `carrier-${randomUUID()}` as TrunkId,
    transport: 'udp',
    host: CARRIER_HOST,
    port: carrier.port,
    auth: { kind: 'ip' },
    codecs: ['alaw'],
    dtmf: 'rfc4733',
    callerIdIn: 'from',
    qualifySec: 1,
  };
  const phone: EndpointSpec = {
    endpointId: randomUUID() as EndpointId,
    kind: 'sip',
    username: `phone-${randomUUID()}`,
    password: 'not-used',
    contact: `sip:phone@${PHONE_HOST}:${String(phoneAgent.port)}`,
  };

  const rig: ContractRig = {
    switch: first,
    trunk,
    deadTrunk: { ...trunk, trunkId: `dead-${randomUUID()}` as TrunkId, host: DEAD_HOST, port: 5999 },
    phone,
    phoneFarEnd,
    absentPhone: {
      endpointId: randomUUID() as EndpointId,
      kind: 'sip',
      username: `absent-${randomUUID()}`,
      password: 'secret',
    },
    sounds: { prompt: asterisk.prompt, promptMs: 1000, missing: `${asterisk.dir}/no-such-sound` },
    callee: (number, plan) => {
      const farEnd = new AgentFarEnd(nextHz(), plan, voices);
      callees.set(number, farEnd);
      return farEnd;
    },
    callIn: async ({ dialled, callerNumber }) => {
      const farEnd = new AgentFarEnd(nextHz(), [], voices);
      farEnd.take(await carrier.invite(`127.0.0.1:${String(asterisk.sipPort)}`, dialled, { user: callerNumber }));
      return farEnd;
    },
    until: async (what, done, limitMs = 10_000) => {
      const endMs = Date.now() + limitMs;
      while (!(await done())) {
        if (Date.now() > endMs) throw new Error(`Not in time: ${what}`);
        await pause(15);
      }
    },
    pass: pause,
    now: () => Date.now(),
    cut: () => Promise.resolve(proxy.cut()),
    mend: () => Promise.resolve(proxy.mend()),
    restart: async () => {
      await asterisk.kill();
      void asterisk.start();
    },
    secondClient: () => {
      const next = client();
      clients.push(next);
      return next;
    },
    recorded: (path) =>
      Promise.resolve({ bytes: statSync(path).size, voices: voicesIn(new Uint8Array(readFileSync(path)), voices) }),
    close: async () => {
      proxy.mend();
      if (clients.every((each) => each.health().state !== 'up')) {
        const last = client();
        clients.push(last);
        await last.connect();
      }
      await cleanUp(clients, rig);
      await Promise.all(clients.map((each) => each.close()));
      carrier.close();
      phoneAgent.close();
      await proxy.close();
    },
  };
  return rig;
};

/** Takes away what a test left behind. */
const cleanUp = async (clients: readonly AsteriskSwitch[], rig: ContractRig): Promise<void> => {
  const up = clients.find((each) => each.health().state === 'up');
  if (!up) return;
  const { legs, bridges } = await up.snapshot();
  await Promise.allSettled(legs.map((leg) => up.hangUp(leg.legId as LegId, 'normal')));
  await Promise.allSettled(bridges.map((bridge) => up.destroyBridge(bridge.bridgeId)));
  // The next test's carrier has the same address, by which an incoming call is recognised.
  for (const { trunkId } of [rig.trunk, rig.deadTrunk]) await up.removeTrunk(trunkId);
  await up.removeEndpoint(rig.phone.endpointId);
};
